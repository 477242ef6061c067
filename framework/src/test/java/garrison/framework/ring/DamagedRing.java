// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import garrison.framework.RingPlugin;
import garrison.framework.RingPlugin.Fixed;
import garrison.framework.RingPlugin.Text;
import garrison.framework.btf.Btf;
import garrison.framework.libbpf.Libc;
import garrison.framework.object.BpfSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A ring as the kernel lays it out, full of records of all types, whose headers, contents and positions are damaged before and
 * between the looks of the reader. What is done is read from bytes, so that a fuzzer that changes those bytes steers it. Behind
 * the ring lies a page that nobody may touch.
 */
public final class DamagedRing {
    /** Bytes of one edit: what kind (1), which (2), how (1), with which number (4). */
    public static final int EDIT = 8;

    private static final int SIZE = 1 << 12;
    private static final int BUSY = 1 << 31;
    private static final int DISCARDED = 1 << 30;
    private static final int[] TELLING = {0, 1, 7, 8, 15, 16, 31, 32, 79, 80, 255, 256, SIZE - 8, SIZE, SIZE + 8, 2 * SIZE,
        DISCARDED - 1, DISCARDED, DISCARDED + 8, BUSY, BUSY | 8, BUSY | DISCARDED, -1, Integer.MAX_VALUE};
    private static final int TYPE_OFFSET;
    /** Bytes of each type's struct, by type; 0 where none is bound. */
    private static final int[] STRUCTS;
    private static final MemorySegment DATA = data();
    private static final Btf BTF;

    static {
        BTF = BpfSpec.parse("test_ring.bpf.o", new RingPlugin("x").objects().getFirst().read()).btf();
        TYPE_OFFSET = new Bindings("test_ring.bpf.o", BTF).typeOffset();
        STRUCTS = new int[] {0, BTF.struct("test_fixed").orElseThrow().size(), BTF.struct("test_text").orElseThrow().size(),
            BTF.struct("test_large").orElseThrow().size(), 0};
    }

    private final MemorySegment consumer = Arena.ofAuto().allocate(8, 8);
    private final MemorySegment producer = Arena.ofAuto().allocate(8, 8);
    private final boolean eachRecord;
    private final Dispatch dispatch;
    private RingMemory ring;
    private long end;
    private boolean sound;
    private long handled;
    private long taken;
    private long tooShort;
    private long unbound;
    private long sum;

    private DamagedRing(int shape) {
        eachRecord = (shape & 1) != 0;
        Bindings bindings = new Bindings("test_ring.bpf.o", BTF);
        bindings.on(RingPlugin.FIXED, "test_fixed", Fixed.class, fixed -> handled += 1 + 0 * fixed.name().length());
        bindings.on(RingPlugin.TEXT, "test_text", Text.class, text -> handled += 1 + 0 * text.text().length());
        bindings.raw(RingPlugin.LARGE, "test_large", fields -> {
            var payload = fields.apply("payload");
            byte[] target = new byte[256];
            return record -> handled += record.copy(payload, target) > 0 ? 1 : 0;
        });
        dispatch = new Dispatch("fuzzed", bindings);
        fill(shape);
    }

    /**
     * Damages a ring and reads it.
     *
     * @param input what the ring is like at first, then edits
     * @throws RingCorruptException as it should when its words make no sense
     */
    public static void run(byte[] input) {
        ByteBuffer edits = ByteBuffer.wrap(input);
        DamagedRing damaged = new DamagedRing(edits.hasRemaining() ? edits.get() : 0);
        while (edits.remaining() >= EDIT) {
            damaged.edit(edits);
        }
        // Whatever is there is read in few looks: a look ends at the end or at a reserved record.
        for (int look = 0; look < 4; look++) {
            damaged.drain();
        }
    }

    /** Two pages of a file, mapped with one more, which is beyond its end. */
    private static MemorySegment data() {
        try {
            Path file = Files.write(Files.createTempFile("ring", null), new byte[2 * SIZE]);
            int fd = Libc.open(file.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC);
            long address = Libc.mmap(3L * SIZE, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_PRIVATE, fd, 0);
            Libc.close(fd);
            Files.delete(file);
            if (address < 0) {
                throw new IllegalStateException("mmap: " + Libc.strerror((int) -address));
            }
            return MemorySegment.ofAddress(address).reinterpret(2 * SIZE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As the kernel writes records, from a position that is anywhere in the ring. */
    private void fill(int shape) {
        DATA.fill((byte) 0);
        end = (shape & 0xffL) << 8;
        // One ring in four has records that are all alike, also behind the last, where those of the round before lie.
        boolean alike = (shape & 6) == 6;
        long full = alike ? end + SIZE : end + SIZE - 300;
        consumer.set(JAVA_LONG, 0, end);
        for (int i = shape; end < full; i++) {
            int type = alike ? RingPlugin.UNBOUND : 1 + (i & 3);
            int length = alike ? 24 : type == RingPlugin.UNBOUND ? 16 : STRUCTS[type] + (type == RingPlugin.TEXT ? i & 15 : 0);
            int at = (int) (end & (SIZE - 1));
            word(at, length | (!alike && i % 7 == 6 ? DISCARDED : 0));
            word((at + 8 + TYPE_OFFSET) & (SIZE - 1), type);
            end += (length + 8 + 7L) & ~7L;
        }
        end -= alike ? 32 : 0;
        producer.set(JAVA_LONG, 0, end);
        sound = true;
        ring = new RingMemory("fuzzed", consumer, producer, DATA, SIZE, eachRecord);
    }

    private void word(int offset, int value) {
        DATA.set(JAVA_INT, offset, value);
        DATA.set(JAVA_INT, offset + SIZE, value);
    }

    private void edit(ByteBuffer edits) {
        int kind = (edits.get() & 0xff) % 8;
        int which = edits.getShort() & 0xffff;
        int how = (edits.get() & 0xff) % 5;
        int number = edits.getInt();
        sound &= kind > 5;
        switch (kind) {
            case 0, 1 -> {
                int at = header(which);
                word(at, changed(DATA.get(JAVA_INT, at), how, number));
            }
            case 2 -> {
                int at = (header(which) + 8 + TYPE_OFFSET) & (SIZE - 1) & ~3;
                word(at, changed(DATA.get(JAVA_INT, at), how, number));
            }
            case 3 -> word(which % (SIZE / 4) * 4, changed(DATA.get(JAVA_INT, which % (SIZE / 4) * 4), how, number));
            case 4 -> producer.set(JAVA_LONG, 0, how == 0 ? end + number : how == 1 ? (long) number << 24 | which : end + (short) number * 8L);
            case 5 -> {
                consumer.set(JAVA_LONG, 0, how == 0 ? end - number : how == 1 ? (long) number << 24 | which : end - (short) number * 8L);
                ring = new RingMemory("fuzzed", consumer, producer, DATA, SIZE, eachRecord);
            }
            case 6 -> fill(number);
            default -> drain();
        }
    }

    /** Where the header of a record is, as far as headers lead to it. */
    private int header(int which) {
        long at = consumer.get(JAVA_LONG, 0) & ~7L;
        for (int i = which % 40; i > 0; i--) {
            int length = DATA.get(JAVA_INT, at & (SIZE - 8)) & ~(BUSY | DISCARDED);
            at += (length + 8 + 7L) & ~7L;
        }
        return (int) (at & (SIZE - 8));
    }

    private static int changed(int old, int how, int number) {
        return switch (how) {
            case 0 -> number & 0xfff;
            case 1 -> old + (short) number;
            case 2 -> TELLING[Math.floorMod(number, TELLING.length)];
            case 3 -> old ^ 1 << (number & 31);
            default -> number;
        };
    }

    /** Every byte of each record is read; then it must be handled, or be counted as what it is. */
    private void drain() {
        long before = taken;
        int count;
        try {
            count = ring.drain(record -> {
                taken++;
                int length = record.length();
                if (length < 0 || length > SIZE) {
                    throw new AssertionError("a record of " + length + " bytes in a ring of " + SIZE);
                }
                for (int i = 0; i < length; i++) {
                    sum += record.byteAt(i);
                }
                int type = length >= TYPE_OFFSET + 4 ? record.intAt(TYPE_OFFSET) : -1;
                if (type <= 0 || type >= STRUCTS.length || STRUCTS[type] == 0) {
                    unbound++;
                } else if (length < STRUCTS[type]) {
                    tooShort++;
                }
                dispatch.accept(record);
            });
        } catch (RingCorruptException e) {
            if (sound) {
                throw new AssertionError("a sound ring is refused", e);
            }
            throw e;
        } finally {
            check(dispatch.unbound() == unbound, "unbound");
            check(dispatch.failed() == tooShort, "failed");
            check(handled + tooShort + unbound == taken, "handled");
        }
        check(count == taken - before, "the count");
        check(count <= SIZE / 8, "too many at one look");
        check(consumer.get(JAVA_LONG, 0) <= producer.get(JAVA_LONG, 0), "reading beyond the producer");
        // A record that is too short is refused before any handler looks at it.
        dispatch.tell(event -> check(!event.toString().contains("Exception"), event.toString()));
    }

    private void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what + ": taken " + taken + ", handled " + handled + ", too short " + tooShort + ", unbound "
                    + unbound + "; dispatch has unbound " + dispatch.unbound() + ", failed " + dispatch.failed() + " (" + sum + ")");
        }
    }
}
