/*
 * Misbehaves on purpose: when it is loaded, by what it was compiled with; when it delivers, by the message's recipient.
 */
#include "passrelay_provider.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

PASSRELAY_NOTE("{\"id\":\"unruly\",\"version\":\"1.0.0\",\"api\":\"1.0.0\",\"host\":\"1.0.0\",\"channels\":[\"sms\"]}");

static const passrelay_bytes NOTHING = {NULL, 0};
static const passrelay_host *host;
static int canceled, counted;

static passrelay_bytes text(const char *of)
{
    return (passrelay_bytes){(const uint8_t *)of, strlen(of)};
}

static int answer(uint64_t call, uint32_t status, const char *head)
{
    return host->answer(host->context, call, status, text(head), NOTHING);
}

static void receipt(uint64_t call, const char *reference)
{
    char head[128];

    snprintf(head, sizeof head, "{\"reference\":\"%s\"}", reference);
    answer(call, PASSRELAY_OK, head);
}

static void *answer_late(void *call)
{
    const struct timespec moment = {0, 10000000};

    nanosleep(&moment, NULL);
    receipt(*(uint64_t *)call, "in the end");
    free(call);
    return NULL;
}

static void on_a_thread(uint64_t call)
{
    pthread_t thread;
    uint64_t *copy = malloc(sizeof *copy);

    *copy = call;
    pthread_create(&thread, NULL, answer_late, copy);
    pthread_detach(thread);
}

static void served(void *user, uint32_t status, passrelay_bytes head, passrelay_bytes body)
{
    uint64_t *call = user;
    char words[96];

    (void)body;
    snprintf(words, sizeof words, "status %u, %.40s", (unsigned)status, head.length ? (const char *)head.data : "");
    if (status == PASSRELAY_ERROR)
        host->answer(host->context, *call, status, head, NOTHING);
    else
        receipt(*call, status == PASSRELAY_UNKNOWN_OP ? "unknown" : "served");
    free(call);
}

static void ask(uint64_t call, uint32_t op, passrelay_bytes head)
{
    uint64_t *copy = malloc(sizeof *copy);

    *copy = call;
    host->request(host->context, op, head, NOTHING, served, copy);
}

static void log_at(uint32_t level, const char *words)
{
    host->log(host->context, level, text(words));
}

static void *open_unruly(const passrelay_host *of, uint64_t call, passrelay_bytes config)
{
    (void)config;
    host = of;
#if defined(OPENS_LATE)
    on_a_thread(call); /* with an answer that declares no address */
#elif defined(OPENS_BADLY)
    answer(call, PASSRELAY_ERROR, "{\"failure\":\"misconfigured\",\"text\":\"it does not want to\"}");
#elif defined(OPENS_WITH_RUBBISH)
    answer(call, PASSRELAY_OK, "{\"addresses\":");
#else
    answer(call, PASSRELAY_OK, "{\"addresses\":[{\"channel\":null,\"field\":\"mobile\",\"kind\":\"phone\"}]}");
#endif
    return &canceled;
}

/* Whether the recipient of a message is this one. */
static int is_to(passrelay_bytes message, const char *recipient)
{
    char member[64];
    size_t length = (size_t)snprintf(member, sizeof member, "\"recipient\":\"%s\"", recipient), i;

    for (i = 0; i + length <= message.length; i++)
        if (memcmp(message.data + i, member, length) == 0)
            return 1;
    return 0;
}

static void deliver(uint64_t call, passrelay_bytes message)
{
    static uint8_t huge[2 << 20];
    char words[64];

    if (is_to(message, "late")) {
        on_a_thread(call);
    } else if (is_to(message, "twice")) {
        receipt(call, "first");
        counted = answer(call, PASSRELAY_OK, "{\"reference\":\"second\"}");
    } else if (is_to(message, "never")) {
        log_at(PASSRELAY_LOG_INFO, "it keeps quiet");
    } else if (is_to(message, "told")) {
        snprintf(words, sizeof words, "canceled %d, counted %d", canceled, counted);
        receipt(call, words);
    } else if (is_to(message, "is_null")) {
        host->answer(host->context, call, PASSRELAY_OK, (passrelay_bytes){NULL, 5}, NOTHING);
    } else if (is_to(message, "is_rubbish")) {
        answer(call, PASSRELAY_OK, "\xff\xfe{");
    } else if (is_to(message, "is_huge")) {
        host->answer(host->context, call, PASSRELAY_OK, (passrelay_bytes){huge, sizeof huge}, NOTHING);
    } else if (is_to(message, "is_endless")) {
        host->answer(host->context, call, PASSRELAY_OK, (passrelay_bytes){huge, SIZE_MAX}, (passrelay_bytes){huge, 9});
    } else if (is_to(message, "is_status")) {
        answer(call, 77, "{}");
    } else if (is_to(message, "stranger")) {
        counted = answer(call + 1000, PASSRELAY_OK, "{}") + host->answer(NULL, call, 0, NOTHING, NOTHING);
        receipt(call, "done");
    } else if (is_to(message, "declines")) {
        answer(call, PASSRELAY_UNKNOWN_OP, "");
    } else if (is_to(message, "segv")) {
        *(volatile int *)8 = 1;
    } else if (is_to(message, "abort")) {
        abort();
    } else if (is_to(message, "sleep")) {
        ask(call, PASSRELAY_HOST_SLEEP, text("5"));
    } else if (is_to(message, "unknown_service")) {
        ask(call, 99, text("null"));
    } else if (is_to(message, "null_request")) {
        ask(call, PASSRELAY_HOST_SLEEP, (passrelay_bytes){NULL, 5});
    } else if (is_to(message, "huge_request")) {
        ask(call, PASSRELAY_HOST_SLEEP, (passrelay_bytes){huge, sizeof huge});
    } else if (is_to(message, "nobody_asks")) {
        host->request(host->context, PASSRELAY_HOST_SLEEP, text("1"), NOTHING, NULL, NULL);
        receipt(call, "done");
    } else if (is_to(message, "log")) {
        log_at(PASSRELAY_LOG_ERROR, "an error");
        log_at(PASSRELAY_LOG_WARN, "a warning");
        log_at(PASSRELAY_LOG_INFO, "an information");
        log_at(PASSRELAY_LOG_DEBUG, "a detail");
        log_at(PASSRELAY_LOG_TRACE, "a trace \xff");
        log_at(0, "nothing");
        log_at(6, "nothing");
        host->log(host->context, PASSRELAY_LOG_ERROR, (passrelay_bytes){NULL, 5});
        host->log(host->context, PASSRELAY_LOG_WARN, message);
        log_at(PASSRELAY_LOG_INFO, "the last");
        receipt(call, host->now_ms(host->context) > 1700000000000 ? "done" : "what time is it");
    } else {
        receipt(call, "done");
    }
}

static void call_unruly(void *provider, uint64_t call, uint32_t op, passrelay_bytes head, passrelay_bytes body)
{
    (void)body;
    if (provider != &canceled)
        abort();
    if (op == PASSRELAY_DELIVER)
        deliver(call, head);
    else
        answer(call, PASSRELAY_UNKNOWN_OP, "");
}

static void cancel_unruly(void *provider, uint64_t call)
{
    /* Too late for an answer that counts. */
    counted = answer(call, PASSRELAY_OK, "{\"reference\":\"after all\"}");
    ++*(int *)provider;
}

static passrelay_bytes describe(void)
{
#if defined(DESCRIBES_NULL)
    return (passrelay_bytes){NULL, 7};
#elif defined(DESCRIBES_RUBBISH)
    return text("{\"id\":\"unr");
#elif defined(DESCRIBES_ANOTHER)
    return text("{\"id\":\"another\",\"version\":\"1.0.0\",\"api\":\"1.0.0\",\"channels\":[\"sms\"],\"config_schema\":{}}");
#else
    return text("{\"id\":\"unruly\",\"version\":\"1.0.0\",\"api\":\"1.0.0\",\"host\":\"1.0.0\",\"channels\":[\"sms\"],"
                "\"config_schema\":{\"type\":\"object\"}}");
#endif
}

#ifdef UNDEFINED
extern void nobody_has_this(void);
#endif

/* As a later header may have it. */
struct newer {
    passrelay_provider known;
    void (*more[4])(void);
};

const passrelay_provider *passrelay_provider_v1(void)
{
    static const struct newer table = {
#if defined(LACKS_CALL)
        {sizeof(passrelay_provider), describe, open_unruly, NULL, cancel_unruly},
#elif defined(SHORT)
        {sizeof(size_t) * 3, describe, open_unruly, call_unruly, cancel_unruly},
#elif defined(OLDER)
        /* Whatever stands where `cancel` would be. */
        {offsetof(passrelay_provider, cancel), describe, open_unruly, call_unruly, (void (*)(void *, uint64_t))8},
#elif defined(NEWER)
        {sizeof(struct newer), describe, open_unruly, call_unruly, cancel_unruly},
#else
        {sizeof(passrelay_provider), describe, open_unruly, call_unruly, cancel_unruly},
#endif
        {NULL, NULL, NULL, NULL}};
#if defined(NO_TABLE)
    return table.known.size ? NULL : &table.known;
#elif defined(UNALIGNED)
    return (const passrelay_provider *)((const char *)&table.known + 1);
#else
#ifdef UNDEFINED
    nobody_has_this();
#endif
    return &table.known;
#endif
}
