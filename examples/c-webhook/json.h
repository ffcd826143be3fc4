/*
 * Just enough JSON for a provider: finds a member of an object, and copies it as it stands.
 *
 * What a host hands over is valid JSON, so a text can be taken out of one message and put into another as it stands, with its
 * quotes and escapes. A provider that looks into texts or takes JSON from strangers needs a real parser.
 */
#ifndef C_WEBHOOK_JSON_H
#define C_WEBHOOK_JSON_H

#include "passrelay_provider.h"

/* The value of a member of an object, as it stands; of length 0 if there is none. */
passrelay_bytes json_member(passrelay_bytes object, const char *key);

/* Whether an object has no members but these; the last key is null. */
int json_has_only(passrelay_bytes object, const char *const *keys);

/* Whether a value was found, and is a text. */
int json_is_text(passrelay_bytes value);

/* A whole number that is not negative; -1 of anything else. */
long json_number(passrelay_bytes value);

/*
 * A copy of `pattern` in which each "%" is replaced by the next of `values`. The result
 * is to be freed; its `data` is null if there is no memory.
 */
passrelay_bytes json_join(const char *pattern, const passrelay_bytes *values);

#endif
