// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import java.util.ArrayList;
import java.util.List;

/** Lays regions out in pages: those that are small share pages, each other one begins one of its own. */
final class Regions {
    private static final int WORD = Long.BYTES;
    private static final int SMALL_BYTES = Region.SMALL * WORD;
    private static final int PAGE_BYTES = Region.PAGE_WORDS * WORD;

    private final List<Region> all = new ArrayList<>();
    private final int mostPages;
    private int pages;
    private int shared = -1;
    private int used = Region.PAGE_WORDS;

    Regions(int mostPages) {
        this.mostPages = mostPages;
    }

    /** Memory of at most one page of ours; what is beyond a multiple of 32 bytes is rounded up. */
    void add(Area area, int number, long address, int bytes) {
        piece(area, number, address, Math.ceilDiv(bytes, SMALL_BYTES) * Region.SMALL, 0);
    }

    /** Code of any length, to its last byte and not beyond: what follows is another function's. */
    void addCode(int number, long address, int bytes) {
        int whole = bytes / SMALL_BYTES * SMALL_BYTES;
        for (int at = 0; at < whole; at += PAGE_BYTES) {
            piece(Area.CODE, number, address + at, Math.min(PAGE_BYTES, whole - at) / WORD, at / WORD);
        }
        if (whole < bytes && bytes >= SMALL_BYTES) {
            int at = bytes - SMALL_BYTES;
            piece(Area.CODE, number, address + at, Region.SMALL, at / WORD);
        }
    }

    private void piece(Area area, int number, long address, int words, int start) {
        if (words == Region.SMALL) {
            if (used == Region.PAGE_WORDS) {
                shared = page();
                used = 0;
            }
            all.add(new Region(address, shared, used, words, area, number, start));
            used += words;
        } else {
            all.add(new Region(address, page(), 0, words, area, number, start));
        }
    }

    private int page() {
        if (pages == mostPages) {
            throw new IllegalStateException("more kernel memory to look at than " + mostPages + " pages hold");
        }
        return pages++;
    }

    List<Region> all() {
        return List.copyOf(all);
    }
}
