/* Mails: their text and their addresses. Inside sinks/email*.c only. */
#ifndef SINKS_EMAIL_H
#define SINKS_EMAIL_H

#include "sinks/outbox_sender.h"
#include "sinks/template.h"

typedef struct wr_email_options {
	wr_send_options send;
	wr_str server, from, to, subject, body, basic_auth;
} wr_email_options;

/* ---- sinks/email_message.c */

/*
 * The message without its Message-ID: header lines, an empty line, the text. Always the same for
 * the same arguments. from, to, subject: one line each, UTF-8. Lines end in CRLF; what is not plain
 * ASCII is encoded.
 */
void wr_email_message(wr_str from, wr_str to, wr_str subject, wr_str text, int64_t made_ms,
		      wr_buf *out);

/* The bare address of "Name <a@b>" or "a@b"; false: it is none. */
bool wr_email_address(wr_str text, wr_str *out);
/* The next of a list parted by commas or semicolons; *text moves behind it. false: there is no
 * more. Empty places are left out. */
bool wr_email_next(wr_str *text, wr_str *one);

#endif
