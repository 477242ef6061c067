// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import garrison.spi.BpfMap;
import garrison.spi.LoadedObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Symbols and memory of the kernel, by programs that it runs for us: neither depends on what /proc/kallsyms shows.
 */
final class KernelReader {
    /** CFI_WINDOW: bytes read at once. */
    static final int WINDOW = 1 << 20;
    private static final int SYMBOLS = 64;
    private static final int NAME = 96;

    private final LoadedObject object;
    private final BpfMap symbols;
    private final BpfMap window;

    KernelReader(LoadedObject object) {
        this.object = object;
        symbols = object.map("cfi_symbols");
        window = object.map("cfi_window");
    }

    /** A place as the kernel names it. */
    record Place(String function, long offset, long size) {
        /** Reads {@code NAME+0xOFFSET/0xSIZE}, perhaps with a module behind it; empty for what is a bare number. */
        static Optional<Place> parse(String text) {
            int plus = text.indexOf('+');
            int slash = text.indexOf('/', plus + 1);
            if (plus < 1 || slash < 0) {
                return Optional.empty();
            }
            int end = text.indexOf(' ', slash) < 0 ? text.length() : text.indexOf(' ', slash);
            return Optional.of(new Place(text.substring(0, plus), Long.decode(text.substring(plus + 1, slash)),
                    Long.decode(text.substring(slash + 1, end))));
        }
    }

    /** Addresses by name; those that the kernel does not have are left out. */
    synchronized Map<String, Long> find(List<String> names) {
        Map<String, Long> all = new LinkedHashMap<>();
        for (int from = 0; from < names.size(); from += SYMBOLS) {
            List<String> some = names.subList(from, Math.min(names.size(), from + SYMBOLS));
            for (int i = 0; i < SYMBOLS; i++) {
                put(i, 0, i < some.size() ? some.get(i) : "");
            }
            object.run("cfi_find", new byte[0]);
            for (int i = 0; i < some.size(); i++) {
                long address = get(i).getLong(0);
                if (address != 0) {
                    all.put(some.get(i), address);
                }
            }
        }
        return all;
    }

    /** Where an address lies; empty when the kernel knows no function there. */
    synchronized Optional<Place> describe(long address) {
        put(0, address, "");
        put(1, 0, "");
        object.run("cfi_describe", new byte[0]);
        byte[] value = get(0).array();
        int end = Long.BYTES;
        while (end < value.length && value[end] != 0) {
            end++;
        }
        return Place.parse(new String(value, Long.BYTES, end - Long.BYTES, StandardCharsets.US_ASCII));
    }

    private void put(int index, long address, String name) {
        ByteBuffer value = ByteBuffer.allocate(Long.BYTES + NAME).order(ByteOrder.nativeOrder());
        value.putLong(address).put(name.getBytes(StandardCharsets.US_ASCII));
        symbols.update(key(index), value.array());
    }

    private ByteBuffer get(int index) {
        return ByteBuffer.wrap(symbols.lookup(key(index)).orElseThrow()).order(ByteOrder.nativeOrder());
    }

    private static byte[] key(int index) {
        return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(index).array();
    }

    /**
     * Copies kernel memory.
     *
     * @param length at most {@link #WINDOW}
     * @return empty if some of it is not there
     */
    synchronized Optional<byte[]> read(long address, int length) {
        byte[] context = ByteBuffer.allocate(2 * Long.BYTES).order(ByteOrder.nativeOrder()).putLong(address).putLong(length).array();
        if (object.run("cfi_read", context) != 0) {
            return Optional.empty();
        }
        return Optional.of(Arrays.copyOf(window.lookup(key(0)).orElseThrow(), length));
    }

    /** The calls in a piece of kernel memory, as far as it can be read. */
    CallSites calls(long address, long length) {
        CallSites calls = new CallSites(address);
        int overlap = 4;
        for (long done = 0; done < length; done += WINDOW - overlap) {
            int size = (int) Math.min(WINDOW, length - done);
            Optional<byte[]> piece = read(address + done, size);
            if (piece.isEmpty()) {
                piecewise(calls, address, done, size);
                break;
            }
            calls.add(piece.get(), (int) done, size);
        }
        return calls;
    }

    /** Page by page, up to the first that is not there. */
    private void piecewise(CallSites calls, long address, long from, int length) {
        int page = 4096;
        List<byte[]> pages = new ArrayList<>();
        for (int done = 0; done < length; done += page) {
            Optional<byte[]> next = read(address + from + done, Math.min(page, length - done));
            if (next.isEmpty()) {
                break;
            }
            pages.add(next.get());
        }
        ByteBuffer all = ByteBuffer.allocate(pages.stream().mapToInt(p -> p.length).sum());
        pages.forEach(all::put);
        calls.add(all.array(), (int) from, all.capacity());
    }
}
