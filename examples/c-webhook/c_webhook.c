/*
 * A provider in C: posts each message, as JSON, to a web server of the operator's own.
 *
 * It needs nothing but a compiler and passrelay_provider.h. The host sends the HTTP request: so this file has neither sockets
 * nor TLS, and never waits.
 */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#define ID "c_webhook"
#define VERSION "1.0.0"

/* What a host reads without running anything, and again in the manifest: it has to be the same. */
#define FACTS                                                                                                          \
    "\"id\":\"" ID "\",\"version\":\"" VERSION "\",\"api\":\"" PASSRELAY_API_VERSION                                   \
    "\",\"host\":\"1.0.0\",\"channels\":[\"*\"],\"hosts\":[\"{url}\"]"

PASSRELAY_NOTE("{" FACTS "}");

static const char MANIFEST[] =
    "{" FACTS ",\"title\":\"Webhook in C\","
    "\"readme\":\"Posts each message to `url`, as JSON. A 2xx takes it.\","
    "\"config_schema\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"url\"],\"properties\":{"
    "\"url\":{\"type\":\"string\",\"format\":\"uri\",\"description\":\"Where messages are posted to.\"},"
    "\"authorization\":{\"type\":\"string\",\"minLength\":1,\"format\":\"password\",\"writeOnly\":true,"
    "\"description\":\"The header `authorization` of each request.\"}}}}";

/* The keys of a configuration. */
static const char *const KEYS[] = {"url", "authorization", NULL};

/* Phone numbers for every channel, mailboxes for `email`: where a member's addresses are. */
static const char ADDRESSES[] = "{\"addresses\":[{\"channel\":null,\"field\":\"mobile\",\"kind\":\"phone\"},"
                                "{\"channel\":\"email\",\"field\":\"email\",\"kind\":\"email\"}]}";

/* A provider: where it posts to, as values of JSON. It is never freed: its process ends with it. */
struct provider {
    const passrelay_host *host;
    passrelay_bytes url, authorization;
};

/* A delivery that waits for the web server. */
struct delivery {
    struct provider *provider;
    uint64_t call;
    passrelay_bytes reference;
};

static const passrelay_bytes NOTHING = {NULL, 0};

/* The bytes of a text of C. */
static passrelay_bytes text(const char *of)
{
    return (passrelay_bytes){(const uint8_t *)of, strlen(of)};
}

/* A copy, to be freed. */
static passrelay_bytes copy(passrelay_bytes of)
{
    return json_join("%", &of);
}

static void release(passrelay_bytes bytes)
{
    free((void *)bytes.data);
}

static void answer(const passrelay_host *host, uint64_t call, uint32_t status, passrelay_bytes head)
{
    host->answer(host->context, call, status, head, NOTHING);
}

static void fail(const passrelay_host *host, uint64_t call, const char *error)
{
    answer(host, call, PASSRELAY_ERROR, text(error));
}

static passrelay_bytes describe(void)
{
    return text(MANIFEST);
}

static void *open_provider(const passrelay_host *host, uint64_t call, passrelay_bytes config)
{
    struct provider *provider = malloc(sizeof *provider);
    passrelay_bytes url = json_member(config, "url");

    /* The host holds a configuration to the schema before; whoever opens without it is told the same. */
    if (provider == NULL || !json_is_text(url) || !json_has_only(config, KEYS)) {
        free(provider);
        fail(host, call, "{\"failure\":\"misconfigured\",\"text\":\"`url` is missing, or a key is unknown\"}");
        return NULL;
    }
    provider->host = host;
    provider->url = copy(url);
    provider->authorization = copy(json_member(config, "authorization"));
    answer(host, call, PASSRELAY_OK, text(ADDRESSES));
    return provider;
}

/* What a status of HTTP means. */
static const char *error_of(long status)
{
    switch (status) {
    case 401:
    case 403:
    case 404:
        return "{\"failure\":\"misconfigured\",\"text\":\"the web server does not take messages at this address\"}";
    case 429:
        return "{\"failure\":\"throttled\",\"text\":\"the web server asks for fewer messages\"}";
    default:
        if (status >= 500)
            return "{\"failure\":\"unavailable\",\"text\":\"the web server failed\"}";
        return "{\"failure\":\"rejected\",\"text\":\"the web server did not take the message\"}";
    }
}

/* The web server answered, or could not be asked. */
static void posted(void *user, uint32_t status, passrelay_bytes head, passrelay_bytes body)
{
    struct delivery *delivery = user;
    const passrelay_host *host = delivery->provider->host;
    long code = json_number(json_member(head, "status"));

    (void)body;
    if (status != PASSRELAY_OK) {
        /* The host says why, in the words of an error: these are passed on. */
        answer(host, delivery->call, status, head);
    } else if (code >= 200 && code < 300) {
        passrelay_bytes receipt = json_join("{\"reference\":%}", &delivery->reference);

        answer(host, delivery->call, PASSRELAY_OK, receipt);
        release(receipt);
    } else {
        fail(host, delivery->call, error_of(code));
    }
    release(delivery->reference);
    free(delivery);
}

static void deliver(struct provider *provider, uint64_t call, passrelay_bytes message)
{
    const passrelay_host *host = provider->host;
    struct delivery *delivery = malloc(sizeof *delivery);
    passrelay_bytes id = json_member(message, "id");
    passrelay_bytes values[] = {provider->url, id, provider->authorization};
    passrelay_bytes request;

    if (delivery == NULL || !json_is_text(id)) {
        free(delivery);
        fail(host, call, "{\"failure\":\"broken\",\"text\":\"the message has no id\"}");
        return;
    }
    *delivery = (struct delivery){provider, call, copy(id)};
    request = json_join(provider->authorization.length > 0
                            ? "{\"method\":\"POST\",\"url\":%,\"headers\":[[\"content-type\",\"application/json\"],"
                              "[\"idempotency-key\",%],[\"authorization\",%]]}"
                            : "{\"method\":\"POST\",\"url\":%,\"headers\":[[\"content-type\",\"application/json\"],"
                              "[\"idempotency-key\",%]]}",
                        values);
    host->request(host->context, PASSRELAY_HOST_HTTP, request, message, posted, delivery);
    release(request);
}

static void call_provider(void *of, uint64_t call, uint32_t op, passrelay_bytes head, passrelay_bytes body)
{
    struct provider *provider = of;

    (void)body;
    switch (op) {
    case PASSRELAY_DELIVER:
        deliver(provider, call, head);
        break;
    case PASSRELAY_CLOSE:
    case PASSRELAY_HEALTH:
        answer(provider->host, call, PASSRELAY_OK, NOTHING);
        break;
    default:
        answer(provider->host, call, PASSRELAY_UNKNOWN_OP, NOTHING);
    }
}

const passrelay_provider *passrelay_provider_v1(void)
{
    /* A delivery that nobody waits for any more may go on: its answer does nothing. */
    static const passrelay_provider table = {sizeof table, describe, open_provider, call_provider, NULL};

    return &table;
}
