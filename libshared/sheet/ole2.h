#pragma once

/* What an OLE2 file holds: the container of the older Office formats and of encrypted newer ones.
 */
enum ole2_kind { OLE2_OTHER, OLE2_WORKBOOK, OLE2_ENCRYPTED_PACKAGE };

/* By the names in its directory. OLE2_OTHER also when it cannot be read. */
enum ole2_kind ole2_kind_of(int fd);
