// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import java.nio.ByteBuffer;

/**
 * struct syscall_table_region: a piece of kernel memory, and where its words are kept.
 *
 * @param address in the kernel
 * @param page of the maps table_first and table_latest
 * @param offset words into that page
 * @param words a multiple of {@link #SMALL}
 * @param number a system call's for handlers; of a table the first entry's, see {@link #TABLE_STEP}; else the index into {@link Area#symbols()}
 * @param start words into the whole, for code of several pages
 */
record Region(long address, int page, int offset, int words, Area area, int number, int start) {
    static final int SMALL = 4;
    static final int PAGE_WORDS = 512;
    /** Entry n of table t is told as t * TABLE_STEP + n. */
    static final int TABLE_STEP = 0x10000;
    static final int SIZE = 32;

    static Region read(ByteBuffer in) {
        return new Region(in.getLong(0), in.getInt(8), in.getInt(12), in.getInt(16), Area.of(in.getInt(20)), in.getInt(24), in.getInt(28));
    }

    void write(ByteBuffer out) {
        out.putLong(0, address).putInt(8, page).putInt(12, offset).putInt(16, words).putInt(20, area.code()).putInt(24, number)
                .putInt(28, start);
    }
}
