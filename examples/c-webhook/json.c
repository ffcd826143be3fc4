/* Just enough JSON for a provider. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

/* Reads from `at` to `end`. */
typedef struct {
    const uint8_t *at, *end;
} cursor;

static void skip_space(cursor *text)
{
    while (text->at < text->end && memchr(" \t\r\n", *text->at, 4) != NULL)
        text->at++;
}

static void skip_text(cursor *text)
{
    text->at++; /* the first quote */
    while (text->at < text->end && *text->at != '"')
        text->at += *text->at == '\\' && text->end - text->at > 1 ? 2 : 1;
    if (text->at < text->end)
        text->at++;
}

/* Skips a value and returns it. */
static passrelay_bytes skip_value(cursor *text)
{
    const uint8_t *start;
    size_t depth = 0;

    skip_space(text);
    start = text->at;
    while (text->at < text->end) {
        uint8_t byte = *text->at;

        if (byte == '"') {
            skip_text(text);
        } else if (byte == '{' || byte == '[') {
            depth++;
            text->at++;
        } else if (depth > 0 && (byte == '}' || byte == ']')) {
            depth--;
            text->at++;
        } else if (depth == 0 && memchr(",:}] \t\r\n", byte, 8) != NULL) {
            break;
        } else {
            text->at++;
            continue; /* a number or a word goes on */
        }
        if (depth == 0)
            break;
    }
    return (passrelay_bytes){start, (size_t)(text->at - start)};
}

/* Skips one of these bytes, and spaces around it. */
static int skip_byte(cursor *text, uint8_t byte)
{
    skip_space(text);
    if (text->at == text->end || *text->at != byte)
        return 0;
    text->at++;
    skip_space(text);
    return 1;
}

/* Steps into an object. */
static int enter(cursor *text, passrelay_bytes object)
{
    text->at = object.data;
    text->end = object.length > 0 ? object.data + object.length : object.data;
    return skip_byte(text, '{');
}

/* Reads the next member of the object; whether there is one. */
static int next(cursor *text, passrelay_bytes *name, passrelay_bytes *value)
{
    if (text->at == text->end || *text->at != '"')
        return 0;
    *name = skip_value(text);
    if (!skip_byte(text, ':'))
        return 0;
    *value = skip_value(text);
    skip_byte(text, ',');
    return 1;
}

/* Whether a name in quotes is this key. */
static int is_key(passrelay_bytes name, const char *key)
{
    size_t length = strlen(key);

    return name.length == length + 2 && memcmp(name.data + 1, key, length) == 0;
}

passrelay_bytes json_member(passrelay_bytes object, const char *key)
{
    passrelay_bytes name, value;
    cursor text;

    if (enter(&text, object))
        while (next(&text, &name, &value))
            if (is_key(name, key))
                return value;
    return (passrelay_bytes){NULL, 0};
}

int json_has_only(passrelay_bytes object, const char *const *keys)
{
    passrelay_bytes name, value;
    cursor text;

    if (!enter(&text, object))
        return 0;
    while (next(&text, &name, &value)) {
        const char *const *key = keys;

        while (*key != NULL && !is_key(name, *key))
            key++;
        if (*key == NULL)
            return 0;
    }
    return 1;
}

int json_is_text(passrelay_bytes value)
{
    return value.length >= 2 && value.data[0] == '"';
}

long json_number(passrelay_bytes value)
{
    long number = 0;
    size_t i;

    if (value.length == 0 || value.length > 9)
        return -1;
    for (i = 0; i < value.length; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return -1;
        number = number * 10 + (value.data[i] - '0');
    }
    return number;
}

passrelay_bytes json_join(const char *pattern, const passrelay_bytes *values)
{
    passrelay_bytes joined = {NULL, 0};
    const passrelay_bytes *value = values;
    uint8_t *to;
    const char *from;

    for (from = pattern; *from != '\0'; from++)
        joined.length += *from == '%' ? (value++)->length : 1;
    joined.data = to = malloc(joined.length + 1);
    if (to == NULL)
        return (passrelay_bytes){NULL, 0};
    value = values;
    for (from = pattern; *from != '\0'; from++) {
        if (*from != '%') {
            *to++ = (uint8_t)*from;
        } else {
            if (value->length > 0)
                memcpy(to, value->data, value->length);
            to += (value++)->length;
        }
    }
    return joined;
}
