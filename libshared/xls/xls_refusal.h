#pragma once

/* Why a workbook of Excel 5 to 2003 cannot be read. */
enum xls_refusal {
    XLS_OK,
    XLS_DAMAGED,
    XLS_ENCRYPTED,
    XLS_NO_SHEET, /* no worksheet that is visible */
    XLS_NOT_XLS,  /* an OLE2 file without a workbook */
    XLS_TOO_OLD,  /* before Excel 5 */
};
