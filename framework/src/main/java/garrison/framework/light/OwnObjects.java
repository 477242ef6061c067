// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import garrison.framework.kernel.RunningKernel;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.OpenObject;
import garrison.framework.object.Owner;
import garrison.framework.trust.SignedObject;
import garrison.framework.trust.TrustSettings;
import garrison.spi.ProgramSource;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The framework's own objects, which lie in its jar. They need no signature, for whoever can change them can change the code beside
 * them; where they have one ({@code garrison sign} on the jar) it must be good, and the kernel checks it as it does plugins'.
 */
public final class OwnObjects {
    private final Libbpf libbpf;
    private final RunningKernel kernel;
    private final TrustSettings trust;
    private final Map<String, String> checked = new ConcurrentHashMap<>();

    /** @param trust whose signatures are good; read once */
    public OwnObjects(Libbpf libbpf, RunningKernel kernel, TrustSettings trust) {
        this.libbpf = libbpf;
        this.kernel = kernel;
        this.trust = trust.kernelCheck() == TrustSettings.KernelCheck.REQUIRED
                ? new TrustSettings(trust.anchors(), false, trust.revoked()) : trust;
    }

    /** The library that loads what the kernel does not. */
    public Libbpf libbpf() {
        return libbpf;
    }

    /** The running kernel. */
    public RunningKernel kernel() {
        return kernel;
    }

    /** One of them, read and not loaded yet. */
    public final class Own {
        private final SignedObject object;
        private final BpfSpec spec;
        private final Owner owner = new Owner("garrison", kernel.release());

        private Own(SignedObject object) {
            this.object = object;
            spec = BpfSpec.parse(object.name(), object.bytes());
        }

        /** What it is. */
        public BpfSpec spec() {
            return spec;
        }

        /** The whole object; not copied. */
        public byte[] bytes() {
            return object.bytes();
        }

        /** For errors about it. */
        public Owner owner() {
            return owner;
        }

        /**
         * Loads it.
         *
         * @param choose which programs are loaded
         * @throws garrison.spi.GarrisonException if the kernel refuses
         */
        public LoadedBpfObject load(Consumer<OpenObject> choose) {
            try (OpenObject open = OpenObject.open(libbpf, spec, object.bytes(), owner)) {
                choose.accept(open);
                try (KernelTrust check = KernelTrust.of(spec, object, trust, open.plan(), kernel, owner)) {
                    check.skeleton().ifPresent(open::signed);
                    LoadedBpfObject loaded = open.load();
                    checked.put(object.name(), check.words());
                    return loaded;
                }
            }
        }
    }

    /**
     * Reads one.
     *
     * @param name for example {@code core.bpf.o}
     * @throws garrison.framework.trust.UntrustedObjectException if it has a signature that is not good
     */
    public Own read(String name) {
        SignedObject object = SignedObject.read(ProgramSource.resource(OwnObjects.class, "bpf/" + name));
        if (object.signature().isPresent()) {
            trust.check("garrison", object);
        }
        return new Own(object);
    }

    /** Who checked those that were loaded, by their names. */
    public Map<String, String> checked() {
        return new TreeMap<>(checked);
    }
}
