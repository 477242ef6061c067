// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.KernelFeature;
import garrison.framework.btf.BtfBuilder;
import garrison.framework.libbpf.Libbpf;
import garrison.spi.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeatureScanTest {
    private static final int DECL_TAG = 17;
    private static final Libbpf LIBBPF = Libbpf.open();

    @TempDir
    Path folder;

    /** Takes programs everywhere, sleepable ones nowhere. */
    static final HookTrial WAKEFUL = new HookTrial() {
        @Override
        public Optional<Boolean> loads(int function) {
            return Optional.of(true);
        }

        @Override
        public Optional<Boolean> loadsSleepable(int function) {
            return Optional.of(false);
        }
    };

    private FeatureScan scan(BtfBuilder btf, HookTrial trial) throws IOException {
        return new FeatureScan(new RunningKernel(Files.writeString(folder.resolve("osrelease"), "6.1.0-test"),
                Files.write(folder.resolve("vmlinux"), btf.build()), folder.resolve("lsm"), trial), LIBBPF);
    }

    private static BtfBuilder functions(String... names) {
        BtfBuilder builder = new BtfBuilder();
        for (String name : names) {
            builder.function(name);
        }
        return builder;
    }

    private static Answer.No no(KernelFeature feature) {
        return assertInstanceOf(Answer.No.class, feature.answer(), feature.toString());
    }

    @Test
    void all_ofThisMachine_answersEveryKind() {
        RunningKernel kernel = new RunningKernel(LIBBPF);
        long begin = System.nanoTime();
        List<KernelFeature> all = new FeatureScan(kernel, LIBBPF).all();
        System.out.println("feature scan: " + (System.nanoTime() - begin) / 1_000_000 + " ms, BTF included, " + all.size()
                + " features");
        for (Namespace namespace : Namespace.values()) {
            if (namespace != Namespace.FUNCTION) {
                assertTrue(all.stream().anyMatch(f -> f.namespace().equals(namespace.text())), namespace.text());
            }
        }
        KernelFeature hook = all.stream().filter(f -> f.name().equals("inode_rename")).findFirst().orElseThrow();
        assertEquals(new Answer.Yes(), hook.answer());
        assertEquals(List.of("struct inode *", "struct dentry *", "struct inode *", "struct dentry *"),
                hook.attributes().get("arguments"));
        assertTrue(all.stream().anyMatch(f -> f.equals(new KernelFeature("garrison.kernel.map", "ringbuf", new Answer.Yes()))));
        assertTrue(all.stream().anyMatch(f -> f.equals(new KernelFeature("garrison.kernel.program", "syscall", new Answer.Yes()))));
        assertEquals(all.size(), all.stream().map(f -> f.namespace() + f.name()).distinct().count(), "each once");
    }

    @Test
    void look_whatNoKernelHas_isNo() {
        FeatureScan scan = new FeatureScan(new RunningKernel(LIBBPF), LIBBPF);
        for (Namespace namespace : new Namespace[] {Namespace.HOOK, Namespace.KFUNC, Namespace.FUNCTION, Namespace.PROGRAM,
                Namespace.MAP, Namespace.LIBBPF}) {
            no(scan.look(namespace, "garrison_no_such_thing"));
        }
    }

    @Test
    void look_missingHookAndKfunc_namesTheMinimumKernel() throws IOException {
        FeatureScan scan = scan(functions("printk"), WAKEFUL);
        assertTrue(no(scan.look(Namespace.HOOK, "file_truncate")).remedy().contains("6.2"));
        assertTrue(no(scan.look(Namespace.KFUNC, "bpf_get_fsverity_digest")).remedy().contains("6.8"));
    }

    @Test
    void look_kfuncOfABtfWithTags_isOnlyWhatIsTagged() throws IOException {
        BtfBuilder btf = functions("bpf_real_helper");
        btf.add("bpf_kfunc", DECL_TAG, 0, btf.function("bpf_key_put"), -1);
        FeatureScan scan = scan(btf, WAKEFUL);
        assertEquals(new Answer.Yes(), scan.look(Namespace.KFUNC, "bpf_key_put").answer());
        assertTrue(no(scan.look(Namespace.KFUNC, "bpf_real_helper")).reason().contains("not for BPF programs"));
    }

    @Test
    void look_kfuncOfABtfWithoutTags_isWhatHasTheName() throws IOException {
        FeatureScan scan = scan(functions("bpf_key_put", "bpf_lsm_file_open", "printk"), WAKEFUL);
        assertEquals(new Answer.Yes(), scan.look(Namespace.KFUNC, "bpf_key_put").answer());
        no(scan.look(Namespace.KFUNC, "bpf_lsm_file_open"));
        no(scan.look(Namespace.KFUNC, "printk"));
    }

    @Test
    void look_hook_sleepsAsTheTrialTells() throws IOException {
        BtfBuilder btf = functions("bpf_lsm_file_open");
        assertEquals("no", scan(btf, WAKEFUL).look(Namespace.HOOK, "file_open").attributes().get("sleepable"));
        assertEquals("inconclusive", scan(btf, HookTrial.NONE).look(Namespace.HOOK, "file_open").attributes().get("sleepable"));
    }

    @Test
    void look_typesThatTheEnumLacks_areNo() throws IOException {
        BtfBuilder btf = functions("printk");
        btf.add("bpf_map_type", 6, 1, 4, btf.string("BPF_MAP_TYPE_HASH"), 1);
        assertTrue(no(scan(btf, WAKEFUL).look(Namespace.MAP, "arena")).remedy().contains("6.9"));
    }
}
