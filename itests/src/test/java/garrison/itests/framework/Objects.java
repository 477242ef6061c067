// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import garrison.framework.libbpf.Libbpf;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.OpenObject;
import garrison.framework.object.Owner;
import garrison.spi.ProgramInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** The framework's own test objects, as the build left them. */
final class Objects {
    static final Libbpf LIBBPF = Libbpf.open();
    static final Owner OWNER = new Owner("test-plugin", System.getProperty("os.version"));
    static final int SELF = (int) ProcessHandle.current().pid();

    private Objects() {}

    static byte[] read(String name) {
        try {
            return Files.readAllBytes(Path.of("bpf/target/objects", name + ".bpf.o"));
        } catch (IOException e) {
            throw new UncheckedIOException("run in the repository's folder, after mvn package", e);
        }
    }

    static BpfSpec spec(String name) {
        return BpfSpec.parse(name + ".bpf.o", read(name));
    }

    /** {@code test_needs} with just these programs, which concern this process. */
    static LoadedBpfObject load(String... programs) {
        BpfSpec spec = spec("test_needs");
        try (OpenObject open = OpenObject.open(LIBBPF, spec, read("test_needs"), OWNER)) {
            Set<String> wanted = Set.of(programs);
            spec.programs().forEach(p -> open.load(p.name(), wanted.contains(p.name())));
            open.constant("refused_pid", SELF);
            return open.load();
        }
    }

    static ProgramInfo program(LoadedBpfObject object, String name) {
        return object.programs().stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
    }

    /** How often a program of {@code test_needs} saw this process. */
    static long seen(LoadedBpfObject object, int index) {
        return value(object.map("seen").lookup(key(index)).orElseThrow()).getLong();
    }

    static byte[] key(int key) {
        return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(key).array();
    }

    static ByteBuffer value(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }
}
