#pragma once

#include "sheet/sheet_internal.h"

/*
 * Looks at the end of a ZIP archive before libzip does: refuses one with more entries than any
 * workbook has, because libzip would hold them all in memory.
 */
bool xlsx_directory_check(struct str file, struct sheet_fault *fault, struct err *err) MUST_USE;
