/* Plays the host for the provider: each way a delivery can end, and the JSON that it goes by. */
#include "json.h"

#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

static const passrelay_bytes NOTHING = {NULL, 0};

/* What was answered last, and to which call. */
static struct {
    uint64_t call;
    uint32_t status;
    char head[512];
} answered;

/* What was asked last. */
static struct {
    char head[512];
    passrelay_answer answer;
    void *user;
} asked;

static passrelay_bytes text(const char *of)
{
    return (passrelay_bytes){(const uint8_t *)of, strlen(of)};
}

static void keep(char *to, size_t size, passrelay_bytes bytes)
{
    assert(bytes.length < size);
    if (bytes.length > 0)
        memcpy(to, bytes.data, bytes.length);
    to[bytes.length] = '\0';
}

static int host_answer(void *context, uint64_t call, uint32_t status, passrelay_bytes head, passrelay_bytes body)
{
    (void)context, (void)body;
    answered.call = call;
    answered.status = status;
    keep(answered.head, sizeof answered.head, head);
    return 1;
}

static void host_log(void *context, uint32_t level, passrelay_bytes words)
{
    (void)context, (void)level, (void)words;
}

static uint64_t host_now_ms(void *context)
{
    (void)context;
    return 0;
}

static void host_request(void *context, uint32_t op, passrelay_bytes head, passrelay_bytes body, passrelay_answer answer,
                         void *user)
{
    (void)context, (void)body;
    assert(op == PASSRELAY_HOST_HTTP);
    keep(asked.head, sizeof asked.head, head);
    asked.answer = answer;
    asked.user = user;
}

static const passrelay_host HOST = {sizeof HOST, NULL, host_answer, host_log, host_now_ms, host_request};

/* A delivery to which the web server answers this. */
static void delivers(void *provider, uint32_t status, const char *head, uint32_t ends, const char *with)
{
    static uint64_t call = 7;

    passrelay_provider_v1()->call(provider, ++call, PASSRELAY_DELIVER, text("{\"text\":\"a \\\"b\\\"\",\"id\":\"m\\\"1\"}"),
                                  NOTHING);
    asked.answer(asked.user, status, text(head), NOTHING);
    assert(answered.call == call && answered.status == ends && strstr(answered.head, with) != NULL);
}

static void test_deliveries(void)
{
    const passrelay_provider *table = passrelay_provider_v1();
    static void *provider;

    provider = table->open(&HOST, 1, text("{\"url\" : \"https://a/\\u0041\", \"authorization\":\"B \\\\ 1\"}"));

    assert(answered.call == 1 && answered.status == PASSRELAY_OK && strstr(answered.head, "\"mobile\""));
    delivers(provider, PASSRELAY_OK, "{\"headers\":[[\"status\",\"{\"]],\"status\":202}", PASSRELAY_OK, "\"m\\\"1\"");
    assert(strcmp(asked.head, "{\"method\":\"POST\",\"url\":\"https://a/\\u0041\",\"headers\":[[\"content-type\","
                              "\"application/json\"],[\"idempotency-key\",\"m\\\"1\"],[\"authorization\",\"B \\\\ 1\"]]}") == 0);
    delivers(provider, PASSRELAY_OK, "{\"status\":404}", PASSRELAY_ERROR, "misconfigured");
    delivers(provider, PASSRELAY_OK, "{\"status\":429}", PASSRELAY_ERROR, "throttled");
    delivers(provider, PASSRELAY_OK, "{\"status\":422}", PASSRELAY_ERROR, "rejected");
    delivers(provider, PASSRELAY_OK, "{\"status\":500}", PASSRELAY_ERROR, "unavailable");
    delivers(provider, PASSRELAY_OK, "{}", PASSRELAY_ERROR, "rejected");
    delivers(provider, PASSRELAY_ERROR, "{\"failure\":\"unknown\"}", PASSRELAY_ERROR, "unknown");
    table->call(provider, 3, PASSRELAY_DELIVER, text("{}"), NOTHING);
    assert(answered.call == 3 && strstr(answered.head, "broken"));
    table->call(provider, 4, 99, NOTHING, NOTHING);
    assert(answered.call == 4 && answered.status == PASSRELAY_UNKNOWN_OP);
    table->call(provider, 5, PASSRELAY_CLOSE, NOTHING, NOTHING);
    assert(answered.call == 5 && answered.status == PASSRELAY_OK);
}

static void test_configuration(void)
{
    const char *wrong[] = {"", "null", "{}", "{\"url\":1}", "{\"url\":\"https://a\",\"urls\":1}"};
    size_t i;

    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert(passrelay_provider_v1()->open(&HOST, 9 + i, text(wrong[i])) == NULL);
        assert(answered.call == 9 + i && answered.status == PASSRELAY_ERROR && strstr(answered.head, "misconfigured"));
    }
}

/* Also what is no JSON comes to an end, and within its bounds: cut off anywhere. */
static void test_json(void)
{
    static const char WHOLE[] = "{ \"a\" : [1, {\"b\":\"]}\\\\\"}] , \"b\":\"\\\"x\" , \"c\":-1.5e3,\"d\":null}";
    passrelay_bytes whole = text(WHOLE);
    size_t length;

    assert(json_member(whole, "b").length == 5 && json_is_text(json_member(whole, "b")));
    assert(json_member(whole, "c").length == 6 && json_number(json_member(whole, "c")) == -1);
    assert(json_member(whole, "d").length == 4 && json_member(whole, "e").length == 0);
    for (length = 0; length < whole.length; length++) {
        uint8_t cut[sizeof WHOLE];
        passrelay_bytes part = {cut, length};

        memcpy(cut, WHOLE, length);
        json_member(part, "e");
    }
}

int main(void)
{
    test_deliveries();
    test_configuration();
    test_json();
    puts("ok");
    return 0;
}
