/*
 * A provider of Passrelay in C, or in any language that can make a shared library with a C function in it.
 *
 * The library exports one function, passrelay_provider_v1, and carries a note (PASSRELAY_NOTE) that a host reads before
 * it runs anything. Meaning travels in messages, as it does for providers in Rust: a head in JSON (RFC 8259, in UTF-8)
 * and a body of raw bytes, which is empty unless it is said otherwise. docs/c-providers.md explains each message.
 *
 * Nothing here changes within version 1 but by growing: a table gains functions at its end, and its `size` tells which
 * it has. Operations and keys of messages are added likewise; whoever does not know an operation answers
 * PASSRELAY_UNKNOWN_OP, and whoever does not know a key ignores it.
 *
 * Threads. The host calls all functions of a provider on one thread, one after the other. A provider may call the
 * functions of the host from any thread of its own, also from within its own functions.
 *
 * Process. Nothing guards a library in C: it runs in a process of its own, never in the host's. In there, it must not
 * install signal handlers, change the environment or the working directory, fork or exit; its standard output is not
 * there, and what it writes to standard error comes into the host's log, cleaned of codes and recipients.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef PASSRELAY_PROVIDER_H
#define PASSRELAY_PROVIDER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the boundary that this header describes: the key "api" of a note and of a manifest. */
#define PASSRELAY_API_VERSION "1.0.0"

/* The longest answer, head and body together, and the longest request to the host: 1 MiB. */
#define PASSRELAY_LARGEST (1u << 20)

/*
 * Bytes that belong to whoever hands them over. They are valid until the function that they were handed to returns; who
 * needs them longer copies them. No byte 0 marks their end. `data` may be null if `length` is 0.
 */
typedef struct passrelay_bytes {
    const uint8_t *data;
    size_t length;
} passrelay_bytes;

/* What became of a call, in either direction. */
enum {
    PASSRELAY_OK = 0,        /* the head is the operation's answer */
    PASSRELAY_ERROR = 1,     /* the head is an error: {"failure":"unavailable","text":"…"} */
    PASSRELAY_UNKNOWN_OP = 2 /* the operation is not known; head and body are ignored */
};

/* What a host asks of a provider. Only PASSRELAY_DELIVER must be known. */
enum {
    PASSRELAY_DELIVER = 1,      /* a message; answers a receipt: {"reference":"…"} */
    PASSRELAY_AVAILABILITY = 2, /* a candidate; answers an availability. Only if the manifest declares it */
    PASSRELAY_HEALTH = 3,       /* null; answers null if the provider could deliver now */
    PASSRELAY_CLOSE = 4         /* null; the host will not call again; answers null */
};

/* What a provider asks of the host. */
enum {
    PASSRELAY_HOST_HTTP = 1, /* {"method":"POST","url":"…","headers":[["name","value"]]} and its body;
                                answers {"status":200,"headers":[["name","value"]]} and its body */
    PASSRELAY_HOST_SLEEP = 2 /* milliseconds, as a number; answers null when they have passed */
};

/* How much an event of the log matters. */
enum {
    PASSRELAY_LOG_ERROR = 1,
    PASSRELAY_LOG_WARN = 2,
    PASSRELAY_LOG_INFO = 3,
    PASSRELAY_LOG_DEBUG = 4,
    PASSRELAY_LOG_TRACE = 5
};

/*
 * The answer to a request: called once, on the thread that calls the provider, with what was handed over as `user`.
 * `status` is one of PASSRELAY_OK, PASSRELAY_ERROR and PASSRELAY_UNKNOWN_OP.
 */
typedef void (*passrelay_answer)(void *user, uint32_t status, passrelay_bytes head, passrelay_bytes body);

/*
 * What a host offers. The table and its context stay valid until the process ends.
 *
 * A function that stands after `request` is there if `size` is larger than its offset.
 */
typedef struct passrelay_host {
    /* The size of this table, as the host knows it. */
    size_t size;

    /* To be handed to each function. */
    void *context;

    /*
     * Answers a call: `call` is the number that the provider was called with. Once for each call, at once or later. An
     * answer that is the second, or comes after the call was canceled, does nothing. Returns 1 if the answer counts, else 0.
     */
    int (*answer)(void *context, uint64_t call, uint32_t status, passrelay_bytes head, passrelay_bytes body);

    /*
     * Writes an event to the host's log, in UTF-8. Codes, recipients and secrets of the configuration are removed from it, but
     * leave them out all the same. A level that nobody wants to hear is cheap.
     */
    void (*log)(void *context, uint32_t level, passrelay_bytes text);

    /* The present in milliseconds since 1970-01-01 UTC. */
    uint64_t (*now_ms)(void *context);

    /*
     * Asks the host for something; `answer` is called when it is there, never from within this function. `head` and `body`
     * may be thrown away when it returns.
     */
    void (*request)(void *context, uint32_t op, passrelay_bytes head, passrelay_bytes body, passrelay_answer answer,
                    void *user);
} passrelay_host;

/*
 * What a library offers. The table stays valid until the process ends.
 *
 * The host goes by `size`, so that a library of an earlier header stays one.
 */
typedef struct passrelay_provider {
    /* sizeof(passrelay_provider) */
    size_t size;

    /* The manifest. It belongs to the library and stays valid until the process ends. */
    passrelay_bytes (*describe)(void);

    /*
     * Opens a provider with its configuration, which fits the schema of the manifest. What it returns is handed to the other
     * functions and may be null. It also answers `call`, at once or later, with {"addresses":[…]} or an error; until it did,
     * nothing else is asked. `host` stays valid.
     */
    void *(*open)(const passrelay_host *host, uint64_t call, passrelay_bytes config);

    /* An operation, to be answered once by `host->answer`, at once or later. Must not block. */
    void (*call)(void *provider, uint64_t call, uint32_t op, passrelay_bytes head, passrelay_bytes body);

    /*
     * Nobody waits for this call any more: what is under way for it may be given up. It need not be answered. May be null.
     * Called only of calls that were not answered yet, and not from within `call`.
     */
    void (*cancel)(void *provider, uint64_t call);
} passrelay_provider;

/* The entry point: the library's table. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const passrelay_provider *passrelay_provider_v1(void);

/*
 * The note: what a host reads of the file without running it. Once in a library, outside of functions:
 *
 *     PASSRELAY_NOTE("{\"id\":\"acme\",\"version\":\"1.0.0\",\"api\":\"" PASSRELAY_API_VERSION "\",\"channels\":[\"sms\"]}");
 *
 * Keys: id (a lower-case word, the same as in the manifest), version, api, channels; if there are any: capabilities, needs,
 * hosts, and host (the least version of the boundary that the host must speak). Bytes 0 at its end do not count.
 */
#define PASSRELAY_NOTE(json)                                                                                           \
    __attribute__((used, aligned(4), section(".note.passrelay.provider"))) static const struct {                       \
        uint32_t name_size, json_size, kind;                                                                           \
        char name[12];                                                                                                 \
        char text[(sizeof(json) + 3) / 4 * 4];                                                                         \
    } passrelay_note = {10, (sizeof(json) + 3) / 4 * 4, 1, "Passrelay", json}

#ifdef __cplusplus
}
#endif

#endif
