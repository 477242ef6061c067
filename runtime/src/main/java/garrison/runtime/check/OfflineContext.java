// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.check;

import garrison.spi.Answer;
import garrison.spi.BpfProgram;
import garrison.spi.BpfPrograms;
import garrison.spi.BpfRemoval;
import garrison.spi.Event;
import garrison.spi.FileId;
import garrison.spi.FileIds;
import garrison.spi.GarrisonException;
import garrison.spi.KernelFeatures;
import garrison.spi.KernelVersion;
import garrison.spi.Keyrings;
import garrison.spi.LoadedObject;
import garrison.spi.LsmHook;
import garrison.spi.PluginContext;
import garrison.spi.PolicyChange;
import garrison.spi.Settings;
import garrison.spi.Signatures;
import garrison.spi.Watch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a plugin gets to read its settings with when nothing shall be asked of the kernel: it finds every hook, knows nothing
 * else, and files are those that exist.
 *
 * @param settings the plugin's subtree
 */
record OfflineContext(Settings settings) implements PluginContext {
    private static final Logger LOG = LoggerFactory.getLogger(OfflineContext.class);

    @Override
    public KernelFeatures kernel() {
        return new UnaskedKernel();
    }

    @Override
    public FileIds files() {
        return OfflineContext::identify;
    }

    /** Keyrings that are none. */
    @Override
    public Keyrings keyrings() {
        return certificates -> new Unmade();
    }

    /** None that anybody would be told of. */
    @Override
    public BpfPrograms programs() {
        return new NoPrograms();
    }

    /** Files as they are, whoever signed them. */
    @Override
    public Signatures signatures() {
        return file -> {
            try {
                return new Signatures.Signed(Files.readAllBytes(file), Optional.empty());
            } catch (IOException e) {
                throw new GarrisonException(file + ": cannot be read: " + e, e);
            }
        };
    }

    private record NoPrograms() implements BpfPrograms {
        @Override
        public List<BpfProgram> all() {
            return List.of();
        }

        @Override
        public List<BpfRemoval> remove(Collection<BpfProgram> programs) {
            return List.of();
        }
    }

    private record Unmade() implements Keyrings.Keyring {
        @Override
        public int serial() {
            return 1;
        }

        @Override
        public List<Integer> keys() {
            return List.of();
        }

        @Override
        public int keeper() {
            return 1;
        }

        @Override
        public void close() {
            // None was made.
        }
    }

    /** A check is over before anything could change. */
    @Override
    public Watch watchMounts(Runnable changed) {
        return () -> { };
    }

    @Override
    public void restage(Function<LoadedObject, Optional<PolicyChange>> change) {
        LOG.debug("a change of policy was asked for while being checked");
    }

    @Override
    public void publish(Event event) {
        LOG.debug("told while being checked: {}", event);
    }

    @Override
    public Instant time(long bootNanos) {
        return Instant.now();
    }

    private static List<FileId> identify(List<Path> paths) {
        for (Path path : paths) {
            if (Files.notExists(path)) {
                throw new FileIds.FileNotFound(path, "no such file or directory");
            }
        }
        return java.util.stream.LongStream.rangeClosed(1, paths.size()).mapToObj(i -> new FileId(0, i, 0)).toList();
    }

    private record UnaskedKernel() implements KernelFeatures {
        private static final Answer UNASKED = new Answer.Inconclusive("the kernel is not asked by a check");

        @Override
        public String release() {
            return System.getProperty("os.version");
        }

        @Override
        public KernelVersion version() {
            return KernelVersion.parse(release());
        }

        @Override
        public Optional<LsmHook> lsmHook(String name) {
            return Optional.of(new LsmHook(name, List.of(), true));
        }

        @Override
        public Answer function(String name) {
            return UNASKED;
        }

        @Override
        public Answer struct(String name) {
            return UNASKED;
        }

        @Override
        public Optional<Map<String, Long>> enumeration(String name) {
            return Optional.empty();
        }

        @Override
        public List<String> activeLsms() {
            return List.of();
        }

        @Override
        public Answer bpfLsm() {
            return UNASKED;
        }

        @Override
        public Answer programSignatures() {
            return UNASKED;
        }
    }
}
