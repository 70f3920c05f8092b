#pragma once

/* The most memory that this test program has had so far, in kilobytes. In a program that asks for
 * it, AddressSanitizer keeps hardly anything of what was freed. */
long memory_peak_kb(void);
