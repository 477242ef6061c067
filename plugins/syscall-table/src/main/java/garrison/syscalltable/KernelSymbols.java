// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import garrison.spi.BpfMap;
import garrison.spi.LoadedObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Asks the kernel itself for symbols and memory, by programs that are run for it: whatever kptr_restrict says. For one thread. */
final class KernelSymbols {
    /** struct garrison_symbol. */
    private static final int NAME = 8;
    private static final int SIZE = 104;

    private final LoadedObject object;
    private final BpfMap map;

    KernelSymbols(LoadedObject object) {
        this.object = object;
        this.map = object.map("table_symbols");
    }

    /** How many can be asked for at a time. */
    int most() {
        return map.maxEntries() - 1;
    }

    /** Addresses of symbols; 0 for those that the kernel does not have. */
    long[] find(List<String> names) {
        put(names.size(), (i, value) -> value.put(NAME, names.get(i).getBytes(StandardCharsets.US_ASCII)));
        object.run("table_find", new byte[0]);
        return addresses(names.size());
    }

    /** The kernel's words for addresses: {@code NAME+0xOFFSET/0xSIZE [MODULE]}; those after an address of 0 are empty. */
    List<String> describe(long... addresses) {
        put(addresses.length, (i, value) -> value.putLong(0, addresses[i]));
        object.run("table_describe", new byte[0]);
        List<String> words = new ArrayList<>();
        for (int i = 0; i < addresses.length; i++) {
            byte[] value = entry(i);
            int end = NAME;
            while (end < SIZE && value[end] != 0) {
                end++;
            }
            words.add(new String(value, NAME, end - NAME, StandardCharsets.US_ASCII));
        }
        return words;
    }

    /** Words of kernel memory; 0 for what cannot be read. */
    long[] read(long address, int count) {
        put(count, (_, value) -> value.put(NAME, (byte) 'w'));
        object.run("table_read", word(address));
        return addresses(count);
    }

    static byte[] word(long value) {
        return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder()).putLong(value).array();
    }

    private interface Fill {
        void fill(int index, ByteBuffer value);
    }

    /** The entries, and one of zeros behind them, which ends each walk. */
    private void put(int count, Fill fill) {
        ByteBuffer keys = ByteBuffer.allocate((count + 1) * Integer.BYTES).order(ByteOrder.nativeOrder());
        ByteBuffer values = ByteBuffer.allocate((count + 1) * SIZE).order(ByteOrder.nativeOrder());
        for (int i = 0; i <= count; i++) {
            keys.putInt(i * Integer.BYTES, i);
            if (i < count) {
                fill.fill(i, values.slice(i * SIZE, SIZE).order(ByteOrder.nativeOrder()));
            }
        }
        map.updateAll(keys, values, count + 1);
    }

    private long[] addresses(int count) {
        long[] found = new long[count];
        for (int i = 0; i < count; i++) {
            found[i] = ByteBuffer.wrap(entry(i)).order(ByteOrder.nativeOrder()).getLong(0);
        }
        return found;
    }

    private byte[] entry(int index) {
        return map.lookup(ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(index).array()).orElseThrow();
    }
}
