#pragma once

/*
 * What consign-xls-reader writes to its standard output, and libshared/sheet reads: frames of one
 * byte kind, four bytes length and a payload. Numbers are little-endian, texts in the workbook's
 * own encoding.
 *
 *   workbook  u8 1904 dates, u16 code page      first, once
 *   format    u16 number, bytes of its code     for each cell style, in the order of the styles
 *   row       u16 row, then its cells           in ascending order; without empty rows
 *   end                                         all was written
 *   refused   u8 enum xls_refusal               instead of all that would follow
 *
 * A cell is u16 column, u8 kind, and then for a text u32 length and bytes, for a number u16 style
 * and a double, for a boolean or an error u8.
 */
enum xls_frame {
    XLS_FRAME_WORKBOOK = 'W',
    XLS_FRAME_FORMAT = 'F',
    XLS_FRAME_ROW = 'R',
    XLS_FRAME_END = 'E',
    XLS_FRAME_REFUSED = 'X',
};

enum xls_cell_kind {
    XLS_CELL_TEXT = 'T',
    XLS_CELL_NUMBER = 'N',
    XLS_CELL_BOOLEAN = 'B',
    XLS_CELL_ERROR = 'E',
};

enum { XLS_FRAME_HEAD_BYTES = 5, XLS_CODE_PAGE_UTF16 = 1200 };

enum xls_refusal {
    XLS_OK,
    XLS_DAMAGED,
    XLS_ENCRYPTED,
    XLS_NO_SHEET,   /* no worksheet that is visible */
    XLS_NOT_XLS,    /* an OLE2 file without a workbook */
    XLS_TOO_OLD,    /* before Excel 5 */
    XLS_NOT_WRITTEN /* whoever takes the frames does not take more */
};
