// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import garrison.framework.object.BpfSpec;
import garrison.framework.trust.Digests;
import garrison.spi.ProgramInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes the program that loads the others. It first sees to it that its data are the signed ones: struct bpf_map begins with the digest
 * that the kernel took when it was asked for it, and with whether the map is exclusive; neither can be had otherwise than by the
 * very bytes, frozen.
 *
 * <p>Registers: r6 the context, r7 a result, r8 the number of the program at hand. All that the loaded programs need of the
 * running kernel it asks the kernel for, not the one who runs it: types by name, functions by name.
 */
final class LoaderProgram {
    private static final int CONTEXT = 6;
    private static final int RESULT = 7;
    private static final int NUMBER = 8;
    private static final int FRAME = 10;
    /** On the stack. */
    private static final int TYPES_FD = -8;

    /** {@code enum bpf_func_id}. */
    private static final int SYS_BPF = 166;
    private static final int BTF_FIND_BY_NAME_KIND = 167;
    private static final int SYS_CLOSE = 168;
    /** {@code enum bpf_cmd}. */
    private static final int PROG_LOAD = 5;
    private static final int BTF_LOAD = 18;
    private static final int KIND_FUNC = 12;
    private static final int KIND_TYPEDEF = 8;
    private static final int SLEEPABLE = 1 << 4;
    private static final int PSEUDO_BTF_ID = 3;
    private static final int LONGEST_NAME = 15;
    private static final int ENOENT = 2;
    private static final int EINVAL = 22;

    private static final int DIGEST_WORDS = 4;
    private static final int MAP_EXCLUSIVE = 32;

    private final Metadata metadata = new Metadata();
    private final String object;
    private final Assembler code;
    private final Assembler.Label failed = new Assembler.Label();
    private final List<String> maps;
    private final byte[] data;
    private final byte[] instructions;

    LoaderProgram(BpfSpec spec, byte[] types, List<LinkedProgram> programs, List<String> maps) {
        object = spec.name();
        code = new Assembler(object);
        this.maps = maps;
        loadTypes(types);
        int descriptors = metadata.add(new byte[Integer.BYTES * Math.max(1, maps.size())]);
        for (int i = 0; i < maps.size(); i++) {
            code.load(1, CONTEXT, LoaderContext.map(i));
            code.data(2, descriptors + Integer.BYTES * i);
            code.store(2, 0, 1);
        }
        int licence = metadata.add(spec.licence());
        for (int i = 0; i < programs.size(); i++) {
            new Loading(programs.get(i), i, licence, descriptors).write();
        }
        code.set(RESULT, 0);
        code.set(NUMBER, LoaderContext.TYPES);
        code.here(failed);
        code.store(CONTEXT, LoaderContext.FAILED, NUMBER);
        code.load(1, FRAME, TYPES_FD);
        code.call(SYS_CLOSE);
        code.copy(0, RESULT);
        code.exit();
        data = metadata.bytes();
        instructions = concatenated(check(), code.code());
    }

    byte[] code() {
        return instructions.clone();
    }

    byte[] data() {
        return data.clone();
    }

    private static byte[] concatenated(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
    }

    /** What comes first: the context kept, and the digest compared. It is written last, when there is something to have a digest of. */
    private byte[] check() {
        Assembler start = new Assembler(object);
        Assembler.Label altered = new Assembler.Label();
        Assembler.Label good = new Assembler.Label();
        start.copy(CONTEXT, 1);
        start.map(1);
        start.load(2, 1, MAP_EXCLUSIVE);
        start.jumpIfNot(2, 1, altered);
        ByteBuffer digest = ByteBuffer.wrap(Digests.of(data)).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < DIGEST_WORDS; i++) {
            start.loadLong(2, 1, Long.BYTES * i);
            start.setLong(3, digest.getLong());
            start.jumpIfDiffer(2, 3, altered);
        }
        start.jump(good);
        start.here(altered);
        start.set(0, -EINVAL);
        start.exit();
        start.here(good);
        return start.code();
    }

    private void loadTypes(byte[] types) {
        int blob = metadata.add(types);
        int attribute = metadata.add(Metadata.words(BtfLoad.SIZE).putInt(BtfLoad.LENGTH, types.length).array());
        Assembler.Label refused = new Assembler.Label();
        Assembler.Label loaded = new Assembler.Label();
        point(attribute + BtfLoad.BLOB, blob);
        fromContext(LoaderContext.LOG_LEVEL, attribute + BtfLoad.LOG_LEVEL);
        fromContext(LoaderContext.LOG_SIZE, attribute + BtfLoad.LOG_SIZE);
        longFromContext(LoaderContext.LOG, attribute + BtfLoad.LOG);
        system(BTF_LOAD, attribute, BtfLoad.SIZE);
        code.jumpIfNegative(RESULT, refused);
        code.jump(loaded);
        code.here(refused);
        code.set(1, LoaderContext.TYPES);
        code.store(CONTEXT, LoaderContext.FAILED, 1);
        code.copy(0, RESULT);
        code.exit();
        code.here(loaded);
        code.store(FRAME, TYPES_FD, RESULT);
    }

    /** {@code *(u64 *)&data[at] = &data[target]}. */
    private void point(int at, int target) {
        code.data(1, at);
        code.data(2, target);
        code.storeLong(1, 0, 2);
    }

    private void fromContext(int from, int at) {
        code.load(1, CONTEXT, from);
        code.data(2, at);
        code.store(2, 0, 1);
    }

    private void longFromContext(int from, int at) {
        code.loadLong(1, CONTEXT, from);
        code.data(2, at);
        code.storeLong(2, 0, 1);
    }

    /** r7 = bpf(command, &data[attribute], size). */
    private void system(int command, int attribute, int size) {
        code.set(1, command);
        code.data(2, attribute);
        code.set(3, size);
        code.call(SYS_BPF);
        code.copy(RESULT, 0);
    }

    /** r7 = the number of a type of the kernel itself, or a negative errno; one of a module comes with its descriptor, and does not count. */
    private void find(String name, int kind) {
        code.data(1, metadata.add(name));
        code.set(2, name.getBytes(StandardCharsets.UTF_8).length + 1);
        code.set(3, kind);
        code.set(4, 0);
        code.call(BTF_FIND_BY_NAME_KIND);
        code.copy(RESULT, 0);
        Assembler.Label found = new Assembler.Label();
        code.jumpIfNegative(RESULT, found);
        code.copy(1, RESULT);
        code.shiftRight(1, Integer.SIZE);
        code.jumpIfEqual(1, 0, found);
        code.call(SYS_CLOSE);
        code.set(RESULT, -ENOENT);
        code.here(found);
    }

    /** {@code union bpf_attr} for BTF_LOAD. */
    private static final class BtfLoad {
        static final int BLOB = 0;
        static final int LOG = 8;
        static final int LENGTH = 16;
        static final int LOG_SIZE = 20;
        static final int LOG_LEVEL = 24;
        static final int SIZE = 32;
    }

    /** {@code union bpf_attr} for PROG_LOAD, as of 6.12. */
    private static final class ProgLoad {
        static final int TYPE = 0;
        static final int COUNT = 4;
        static final int INSTRUCTIONS = 8;
        static final int LICENCE = 16;
        static final int LOG_LEVEL = 24;
        static final int LOG_SIZE = 28;
        static final int LOG = 32;
        static final int FLAGS = 44;
        static final int NAME = 48;
        static final int ATTACH_TYPE = 68;
        static final int TYPES_FD = 72;
        static final int FUNCTION_SIZE = 76;
        static final int FUNCTIONS = 80;
        static final int FUNCTION_COUNT = 88;
        static final int ATTACH_ID = 108;
        static final int FIELD_COUNT = 116;
        static final int DESCRIPTORS = 120;
        static final int FIELDS = 128;
        static final int FIELD_SIZE = 136;
        static final int SIZE = 152;
    }

    /** One program being loaded. */
    private final class Loading {
        private final LinkedProgram program;
        private final int number;
        private final int licence;
        private final int descriptors;
        private final ProgramKind kind;
        private final int attribute;
        private final int instructions;

        Loading(LinkedProgram program, int number, int licence, int descriptors) {
            this.program = program;
            this.number = number;
            this.licence = licence;
            this.descriptors = descriptors;
            ProgramInfo info = program.info();
            kind = ProgramKind.of(object, info);
            instructions = metadata.add(program.code());
            ByteBuffer words = Metadata.words(ProgLoad.SIZE).putInt(ProgLoad.TYPE, kind.type())
                    .putInt(ProgLoad.COUNT, program.code().length / LinkedProgram.INSTRUCTION)
                    .putInt(ProgLoad.FLAGS, info.sleepable() || kind.type() == ProgramKind.SYSCALL ? SLEEPABLE : 0)
                    .putInt(ProgLoad.ATTACH_TYPE, kind.attachType())
                    .putInt(ProgLoad.FUNCTION_SIZE, LinkedProgram.FUNCTION)
                    .putInt(ProgLoad.FUNCTION_COUNT, program.functions().length / LinkedProgram.FUNCTION)
                    .putInt(ProgLoad.FIELD_COUNT, program.fields().length / LinkedProgram.FIELD)
                    .putInt(ProgLoad.FIELD_SIZE, program.fields().length == 0 ? 0 : LinkedProgram.FIELD);
            byte[] name = info.name().getBytes(StandardCharsets.UTF_8);
            words.put(ProgLoad.NAME, name, 0, Math.min(name.length, LONGEST_NAME));
            attribute = metadata.add(words.array());
        }

        void write() {
            Assembler.Label next = new Assembler.Label();
            code.load(1, CONTEXT, LoaderContext.wanted(maps.size(), number));
            code.jumpIfEqual(1, 0, next);
            code.set(NUMBER, number);
            kind.prefix().ifPresent(prefix -> {
                find(prefix + program.info().target(), kind.definition() ? KIND_TYPEDEF : KIND_FUNC);
                code.jumpIfNegative(RESULT, failed);
                code.data(1, attribute + ProgLoad.ATTACH_ID);
                code.store(1, 0, RESULT);
            });
            symbols();
            point(attribute + ProgLoad.INSTRUCTIONS, instructions);
            point(attribute + ProgLoad.LICENCE, licence);
            point(attribute + ProgLoad.DESCRIPTORS, descriptors);
            if (program.functions().length > 0) {
                point(attribute + ProgLoad.FUNCTIONS, metadata.add(program.functions()));
            }
            if (program.fields().length > 0) {
                point(attribute + ProgLoad.FIELDS, metadata.add(program.fields()));
            }
            code.load(1, FRAME, TYPES_FD);
            code.data(2, attribute + ProgLoad.TYPES_FD);
            code.store(2, 0, 1);
            fromContext(LoaderContext.LOG_LEVEL, attribute + ProgLoad.LOG_LEVEL);
            fromContext(LoaderContext.LOG_SIZE, attribute + ProgLoad.LOG_SIZE);
            longFromContext(LoaderContext.LOG, attribute + ProgLoad.LOG);
            system(PROG_LOAD, attribute, ProgLoad.SIZE);
            code.jumpIfNegative(RESULT, failed);
            code.store(CONTEXT, LoaderContext.descriptor(maps.size(), number), RESULT);
            code.here(next);
        }

        /** Asks for each function once, and puts its number wherever it is referred to. */
        private void symbols() {
            Map<String, List<LinkedProgram.KernelSymbol>> byName = new LinkedHashMap<>();
            program.symbols().forEach(s -> byName.computeIfAbsent(s.name(), n -> new ArrayList<>()).add(s));
            byName.forEach((name, places) -> {
                Assembler.Label absent = new Assembler.Label();
                find(name, KIND_FUNC);
                code.jumpIfNegative(RESULT, places.stream().allMatch(LinkedProgram.KernelSymbol::weak) ? absent : failed);
                for (LinkedProgram.KernelSymbol place : places) {
                    int at = instructions + LinkedProgram.INSTRUCTION * place.instruction();
                    code.data(1, at);
                    code.store(1, 4, RESULT);
                    if (!place.call()) {
                        int register = program.code()[LinkedProgram.INSTRUCTION * place.instruction() + 1] & 0xf;
                        code.set(2, PSEUDO_BTF_ID << 4 | register);
                        code.storeByte(1, 1, 2);
                    }
                }
                code.here(absent);
            });
        }
    }
}
