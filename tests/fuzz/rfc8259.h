/*
 * A strict reader of RFC 8259, written from its grammar alone: recursive, the whole text in memory, no outputs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef RFC8259_H_
#define RFC8259_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum rfc8259_verdict {
	RFC8259_FINE,
	/** No continuation of the text up to and with the byte at the offset is JSON. */
	RFC8259_SYNTAX,
	/** The text ends where more has to come. */
	RFC8259_TRUNCATED,
	/** A bracket opens one level too many. */
	RFC8259_DEPTH,
};

struct rfc8259 {
	const uint8_t *text;
	size_t len;
	size_t at;
	unsigned int depth;
	unsigned int depth_max;
	enum rfc8259_verdict verdict;
};

static bool rfc8259_refuse(struct rfc8259 *r)
{
	r->verdict = r->at == r->len ? RFC8259_TRUNCATED : RFC8259_SYNTAX;
	return false;
}

/** Whether the next byte is one of `first` to `last`. */
static bool rfc8259_is(const struct rfc8259 *r, unsigned int first, unsigned int last)
{
	return r->at < r->len && r->text[r->at] >= first && r->text[r->at] <= last;
}

static bool rfc8259_one_of(const struct rfc8259 *r, const char *characters)
{
	return r->at < r->len && r->text[r->at] != 0U && strchr(characters, r->text[r->at]) != NULL;
}

/** Take a byte that has to be one of `first` to `last`. */
static bool rfc8259_range(struct rfc8259 *r, unsigned int first, unsigned int last)
{
	if (!rfc8259_is(r, first, last)) {
		return rfc8259_refuse(r);
	}
	r->at++;
	return true;
}

static bool rfc8259_word(struct rfc8259 *r, const char *word)
{
	for (; *word != '\0'; word++) {
		if (!rfc8259_range(r, (uint8_t)*word, (uint8_t)*word)) {
			return false;
		}
	}
	return true;
}

/* ws = *( %x20 / %x09 / %x0A / %x0D ) */
static void rfc8259_space(struct rfc8259 *r)
{
	while (rfc8259_one_of(r, " \t\n\r")) {
		r->at++;
	}
}

static void rfc8259_digits(struct rfc8259 *r)
{
	while (rfc8259_is(r, '0', '9')) {
		r->at++;
	}
}

/* number = [ minus ] int [ frac ] [ exp ] */
static bool rfc8259_number(struct rfc8259 *r)
{
	if (rfc8259_is(r, '-', '-')) {
		r->at++;
	}
	if (rfc8259_is(r, '0', '0')) {
		r->at++;
	} else {
		if (!rfc8259_range(r, '1', '9')) {
			return false;
		}
		rfc8259_digits(r);
	}
	if (rfc8259_is(r, '.', '.')) {
		r->at++;
		if (!rfc8259_range(r, '0', '9')) {
			return false;
		}
		rfc8259_digits(r);
	}
	if (rfc8259_one_of(r, "eE")) {
		r->at++;
		if (rfc8259_one_of(r, "+-")) {
			r->at++;
		}
		if (!rfc8259_range(r, '0', '9')) {
			return false;
		}
		rfc8259_digits(r);
	}
	return true;
}

/* The rows of UTF8-char beyond ASCII, RFC 3629 section 4. */
static bool rfc8259_utf8(struct rfc8259 *r)
{
	static const struct {
		uint8_t lead[2];
		uint8_t second[2];
		unsigned int tails;
	} rows[] = {
		{{0xC2, 0xDF}, {0x80, 0xBF}, 0}, {{0xE0, 0xE0}, {0xA0, 0xBF}, 1},
		{{0xE1, 0xEC}, {0x80, 0xBF}, 1}, {{0xED, 0xED}, {0x80, 0x9F}, 1},
		{{0xEE, 0xEF}, {0x80, 0xBF}, 1}, {{0xF0, 0xF0}, {0x90, 0xBF}, 2},
		{{0xF1, 0xF3}, {0x80, 0xBF}, 2}, {{0xF4, 0xF4}, {0x80, 0x8F}, 2},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rfc8259_is(r, rows[i].lead[0], rows[i].lead[1])) {
			r->at++;
			if (!rfc8259_range(r, rows[i].second[0], rows[i].second[1])) {
				return false;
			}
			for (unsigned int tail = 0; tail < rows[i].tails; tail++) {
				if (!rfc8259_range(r, 0x80, 0xBF)) {
					return false;
				}
			}
			return true;
		}
	}
	return rfc8259_refuse(r);
}

/* char = unescaped / escape ( %x22 / %x5C / ... / %x75 4HEXDIG ) */
static bool rfc8259_character(struct rfc8259 *r)
{
	if (rfc8259_is(r, 0x80, 0xFF)) {
		return rfc8259_utf8(r);
	}
	if (!rfc8259_is(r, '\\', '\\')) {
		return rfc8259_range(r, 0x20, 0x7F);
	}
	r->at++;
	if (rfc8259_one_of(r, "\"\\/bfnrt")) {
		r->at++;
		return true;
	}
	if (!rfc8259_range(r, 'u', 'u')) {
		return false;
	}
	for (unsigned int digit = 0; digit < 4U; digit++) {
		if (!rfc8259_one_of(r, "0123456789abcdefABCDEF")) {
			return rfc8259_refuse(r);
		}
		r->at++;
	}
	return true;
}

/* string = quotation-mark *char quotation-mark */
static bool rfc8259_string(struct rfc8259 *r)
{
	if (!rfc8259_range(r, '"', '"')) {
		return false;
	}
	while (!rfc8259_is(r, '"', '"')) {
		if (!rfc8259_character(r)) {
			return false;
		}
	}
	r->at++;
	return true;
}

static bool rfc8259_value(struct rfc8259 *r);

/* object = "{" [ member *( "," member ) ] "}" and array = "[" [ value *( "," value ) ] "]" */
static bool rfc8259_container(struct rfc8259 *r, bool is_object)
{
	const unsigned int close = is_object ? '}' : ']';

	if (r->depth == r->depth_max) {
		r->verdict = RFC8259_DEPTH;
		return false;
	}
	r->depth++;
	r->at++;
	rfc8259_space(r);
	if (!rfc8259_is(r, close, close)) {
		for (;;) {
			if (is_object) {
				if (!rfc8259_string(r)) {
					return false;
				}
				rfc8259_space(r);
				if (!rfc8259_range(r, ':', ':')) {
					return false;
				}
				rfc8259_space(r);
			}
			if (!rfc8259_value(r)) {
				return false;
			}
			rfc8259_space(r);
			if (rfc8259_is(r, close, close)) {
				break;
			}
			if (!rfc8259_range(r, ',', ',')) {
				return false;
			}
			rfc8259_space(r);
		}
	}
	r->at++;
	r->depth--;
	return true;
}

static bool rfc8259_value(struct rfc8259 *r)
{
	switch (r->at < r->len ? r->text[r->at] : 0) {
	case '{':
		return rfc8259_container(r, true);
	case '[':
		return rfc8259_container(r, false);
	case '"':
		return rfc8259_string(r);
	case 't':
		return rfc8259_word(r, "true");
	case 'f':
		return rfc8259_word(r, "false");
	case 'n':
		return rfc8259_word(r, "null");
	default:
		return rfc8259_is(r, '-', '-') || rfc8259_is(r, '0', '9') ? rfc8259_number(r)
									  : rfc8259_refuse(r);
	}
}

/** Read a whole text; of one that is refused, `*offset` is the byte. */
static enum rfc8259_verdict rfc8259_read(const uint8_t *text, size_t len, unsigned int depth_max,
					 size_t *offset)
{
	struct rfc8259 r = {.text = text, .len = len, .depth_max = depth_max};

	rfc8259_space(&r);
	if (rfc8259_value(&r)) {
		rfc8259_space(&r);
		if (r.at != r.len) {
			rfc8259_refuse(&r);
		}
	}
	*offset = r.at;
	return r.verdict;
}

/** Whether a text is the UTF-8 of RFC 3629. */
static bool rfc8259_is_utf8(const uint8_t *text, size_t len)
{
	struct rfc8259 r = {.text = text, .len = len};

	while (r.at != r.len) {
		if (rfc8259_is(&r, 0, 0x7F)) {
			r.at++;
		} else if (!rfc8259_utf8(&r)) {
			return false;
		}
	}
	return true;
}

#endif /* RFC8259_H_ */
