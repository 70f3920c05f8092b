#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Italian and European company data. Shapes are always checked; `strict` also verifies the official
 * check digits (tenant setting legal_info_checks).
 */

enum { LEGAL_TEXT_SIZE = 32 };

/* Upper case without spaces, dots and dashes; false when it is longer than any such number. */
bool legal_normalise(const char *text, char out[LEGAL_TEXT_SIZE]);

/* These take normalised text. A bare 11-digit VAT number is Italian. */
bool legal_vat_is_valid(const char *vat, bool strict);
bool legal_fiscal_code_is_valid(const char *code, bool strict);
bool legal_sdi_code_is_valid(const char *code);

/* E-mail syntax: one @, a dotted host name, no spaces. */
bool legal_email_is_valid(const char *email);
