// SPDX-License-Identifier: Apache-2.0
package garrison.framework.fuzz;

import garrison.framework.btf.Btf;
import garrison.framework.btf.BtfField;
import garrison.framework.elf.ElfFile;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.light.LightSkeleton;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.OpenObject;
import garrison.framework.object.Owner;
import garrison.framework.object.TestObjects;
import garrison.framework.ring.DamagedRing;
import garrison.framework.ring.RingCorruptException;
import garrison.spi.GarrisonException;
import garrison.spi.LayoutException;
import garrison.spi.ObjectFormatException;
import garrison.spi.ProgramSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * What is done with a damaged input. Anything but a result or the one typed error ends the process, as does a crash of the
 * native library: run in a JVM of its own, by {@link #main} or by Jazzer, which calls {@link #fuzzerTestOneInput}.
 */
public enum FuzzTarget {
    /** An object's file, as far as it is read without the kernel. */
    SPEC {
        @Override
        void run(byte[] file) {
            try {
                BpfSpec spec = BpfSpec.parse("damaged", file);
                spec.maps().forEach(Object::toString);
                everything(spec.btf());
            } catch (ObjectFormatException refused) {
                count(refused);
            }
        }
    },
    /** An object made into a light skeleton: linked, and its loader program written. */
    SKELETON {
        @Override
        void run(byte[] file) {
            try {
                LightSkeleton.of(BpfSpec.parse("damaged", file), file);
            } catch (ObjectFormatException refused) {
                count(refused);
            }
        }
    },
    /** The type information alone. */
    BTF {
        @Override
        void run(byte[] file) {
            try {
                byte[] raw = ElfFile.parse("damaged", file).section(".BTF").map(s -> s.bytes().toArray()).orElse(file);
                everything(Btf.parse("damaged", raw));
            } catch (ObjectFormatException refused) {
                count(refused);
            }
        }
    },
    /** The same file handed to libbpf, if our own reader lets it pass. The kernel is not asked. */
    OPEN {
        @Override
        void run(byte[] file) {
            try {
                BpfSpec spec = BpfSpec.parse("damaged", file);
                try (OpenObject open = OpenObject.open(LIBBPF.get(), spec, file, new Owner("fuzz", "none"))) {
                    open.programs().forEach(program -> open.load(program.name(), false));
                }
            } catch (GarrisonException refused) {
                count(refused);
            }
        }
    },
    /** The memory of a ring: headers, contents, positions. The input says what is done to it. */
    RING {
        @Override
        byte[] material(byte[] input) {
            return input;
        }

        @Override
        List<byte[]> seeds() {
            return kept("ring");
        }

        @Override
        void run(byte[] input) {
            try {
                DamagedRing.run(input);
            } catch (RingCorruptException refused) {
                count(refused);
            }
        }
    };

    /** Which target Jazzer drives. */
    static final String TARGET = "garrison.fuzz.target";
    /** Where the input in hand is kept, to be found after a crash. */
    static final String LAST = "garrison.fuzz.last";

    private static final java.util.function.Supplier<Libbpf> LIBBPF = new java.util.function.Supplier<>() {
        private Libbpf libbpf;

        @Override
        public Libbpf get() {
            libbpf = libbpf == null ? Libbpf.open() : libbpf;
            return libbpf;
        }
    };
    private static final List<byte[]> GOOD = List.of(TestObjects.object(), TestObjects.needs(),
            ProgramSource.resource(TestObjects.class, "bpf/test_ring.bpf.o").read());
    private static final List<Damage> DAMAGES = GOOD.stream().map(Damage::new).toList();
    private static final List<String> STRUCTS = List.of("test_record", "test_inner", "test_tail", "test_run", "task_struct", "file",
            "garrison_header", "test_fixed");

    private static long refused;

    /** Whether it ends normally or with the typed error is all that counts. */
    abstract void run(byte[] material);

    /** What is made of a fuzzer's bytes. */
    byte[] material(byte[] input) {
        return file(input);
    }

    private static void count(RuntimeException refusal) {
        if (refusal.getMessage() == null || refusal.getMessage().isBlank()) {
            throw new AssertionError("an error without words", refusal);
        }
        refused++;
    }

    private static void everything(Btf btf) {
        for (String struct : STRUCTS) {
            try {
                btf.struct(struct).ifPresent(s -> s.fields().stream().map(BtfField::name).forEach(s::field));
            } catch (LayoutException bitfield) {
                count(bitfield);
            }
        }
        btf.functions("").stream().limit(50).forEach(btf::function);
        btf.enumValues("test_state");
        btf.variables(".rodata");
        btf.variables(".bss");
        btf.externs();
        btf.maps();
    }

    /** The first byte says what the others are: a file, or edits of one of the good objects. */
    static byte[] file(byte[] input) {
        if (input.length == 0) {
            return input;
        }
        int base = (input[0] & 0xff) % (DAMAGES.size() + 1);
        return base == DAMAGES.size() ? Arrays.copyOfRange(input, 1, input.length)
                : DAMAGES.get(base).apply(ByteBuffer.wrap(input, 1, input.length - 1));
    }

    private void keepAndRun(byte[] input, Path last) throws IOException {
        byte[] material = material(input);
        if (last != null) {
            Files.write(last, material);
        }
        run(material);
    }

    /** The inputs that are kept: what guided runs kept for a branch of its own, and whatever once found something. */
    List<byte[]> seeds() {
        return kept("object");
    }

    /** A line of hexadecimal digits each; a comment begins with {@code #}. */
    private static List<byte[]> kept(String name) {
        try (InputStream file = FuzzTarget.class.getResourceAsStream("/fuzz/" + name + ".txt")) {
            return new String(file.readAllBytes(), StandardCharsets.US_ASCII).lines().filter(line -> !line.startsWith("#"))
                    .map(HexFormat.of()::parseHex).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Called by Jazzer. */
    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        String last = System.getProperty(LAST);
        valueOf(System.getProperty(TARGET)).keepAndRun(input, last == null ? null : Path.of(last));
    }

    /**
     * Without a guide: the inputs that are kept, then others by chance.
     *
     * @param arguments the target, the first seed, the number of others, the file for the input in hand; prints how many were
     *     refused
     */
    public static void main(String[] arguments) throws IOException {
        FuzzTarget target = valueOf(arguments[0].toUpperCase(Locale.ROOT));
        long first = Long.parseLong(arguments[1]);
        long count = Long.parseLong(arguments[2]);
        Path last = Path.of(arguments[3]);
        List<byte[]> seeds = target.seeds();
        for (byte[] input : seeds) {
            target.timed(input, last, "kept input " + HexFormat.of().formatHex(input));
        }
        for (long seed = first; seed < first + count; seed++) {
            Random random = new Random(seed);
            byte[] input = new byte[1 + Damage.EDIT * (1 + random.nextInt(3))];
            random.nextBytes(input);
            input[0] = target == RING ? input[0] : (byte) random.nextInt(DAMAGES.size());
            target.timed(input, last, "seed " + seed);
        }
        System.out.println("refused " + refused + " of " + (seeds.size() + count));
    }

    private void timed(byte[] input, Path last, String which) {
        long start = System.nanoTime();
        try {
            keepAndRun(input, last);
        } catch (Throwable t) {
            throw new AssertionError(which, t);
        }
        long millis = (System.nanoTime() - start) / 1_000_000;
        if (millis > 10_000) {
            throw new AssertionError(which + " took " + millis + " ms");
        }
    }
}
