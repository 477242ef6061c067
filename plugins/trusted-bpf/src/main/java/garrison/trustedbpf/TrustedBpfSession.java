// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.Answer;
import garrison.spi.BpfMap;
import garrison.spi.EventBindings;
import garrison.spi.FileId;
import garrison.spi.FileIds;
import garrison.spi.KernelFeatures;
import garrison.spi.KernelVersion;
import garrison.spi.Keyrings;
import garrison.spi.LoadedObject;
import garrison.spi.LsmHook;
import garrison.spi.ObjectSetup;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.PolicyChange;
import garrison.spi.ProgramInfo;
import garrison.spi.Settings;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** One run of trusted-bpf: chooses the programs for this kernel, swaps policies with their keyrings, puts events into words. */
final class TrustedBpfSession implements PluginSession {
    private static final int USE = 1;
    private static final int TRUST = 2;
    private static final int CLOSED = 3;
    /** Arguments of the bpf hook since 6.15. */
    private static final int WITH_KERNEL = 4;
    /** The first kernel that reads security.bpf.* attributes. */
    private static final KernelVersion GUARDED = new KernelVersion(6, 15, 0);
    private static final byte[] FIRST = new byte[Integer.BYTES];

    private final PluginContext context;
    private final boolean listing;
    private final boolean glassBroken = BreakGlass.broken();
    private String noSuccessor = "";
    private volatile Change inForce;
    private volatile EarlierPrograms earlier;

    TrustedBpfSession(PluginContext context) {
        this.context = context;
        this.listing = context.kernel().function("bpf_get_fsverity_digest") instanceof Answer.No;
    }

    /** Optional programs are the two forms of the bpf hook, and one whose hook is not everywhere. */
    @Override
    public void configure(ObjectSetup object) {
        KernelFeatures kernel = context.kernel();
        OwnProcess own = OwnProcess.now();
        object.constant("trust_owner", own.pid());
        object.constant("trust_owner_began", own.began());
        object.constant("trust_off", glassBroken ? 1 : 0);
        // Who is trusted stays so when the programs are exchanged, and so do the files that the runtime wrote.
        object.keep("marks");
        object.keep("own_files");
        object.keep(EarlierPrograms.MAP);
        for (ProgramInfo program : object.programs()) {
            if (program.optional()) {
                object.load(program.name(), kernel.lsmHook(program.target()).filter(hook -> fits(program, hook)).isPresent());
            }
        }
    }

    private boolean fits(ProgramInfo program, LsmHook hook) {
        return switch (program.target()) {
            case "bpf" -> program.name().equals("trust_bpf_kernel") == hook.arguments().size() >= WITH_KERNEL;
            case "bpf_prog_load" -> program.name().equals("trust_prog_token") || checksPrograms();
            default -> true;
        };
    }

    /** Whether this kernel checks signatures of programs, and its hook is told what came of it. */
    private boolean checksPrograms() {
        return context.kernel().programSignatures().yes();
    }

    private void requireChecks(Settings settings) {
        Optional<String> not = switch (context.kernel().programSignatures()) {
            case Answer.Yes yes -> Optional.empty();
            case Answer.No no -> Optional.of(no.reason() + "; " + no.remedy());
            case Answer.Inconclusive unknown -> Optional.of(unknown.reason());
        };
        not.ifPresent(reason -> {
            throw settings.error("programs", "is signed, which kernel " + context.kernel().release() + " cannot tell: " + reason,
                    "use such a kernel, or programs = any");
        });
    }

    @Override
    public void bind(EventBindings events) {
        events.on(USE, "trusted_bpf_event", TrustRecord.class,
                record -> context.publish(record.use(context.time(record.header().timeNs()))));
        events.on(TRUST, "trusted_bpf_event", TrustRecord.class,
                record -> context.publish(record.trust(context.time(record.header().timeNs()))));
        events.on(CLOSED, "trusted_bpf_event", TrustRecord.class, record -> tellEarlier(record.command() != 0));
    }

    /** When the gate closes, and, to remove what was there before, when it refuses for the first time. */
    private void tellEarlier(boolean removalWanted) {
        Change now = inForce;
        EarlierPrograms known = earlier;
        if (known == null || now == null) {
            return;
        }
        Protection protection = now.policy.protection();
        if (removalWanted && protection.loadedBefore() == Protection.LoadedBefore.REMOVE) {
            known.remove(protection::keeps);
        } else if (!removalWanted && protection.loadedBefore() != Protection.LoadedBefore.ALLOW) {
            known.tell();
        }
    }

    @Override
    public PolicyChange stage(Settings settings, LoadedObject object) {
        Policy policy = Policy.read(settings);
        if (policy.protection().programs() == Protection.Programs.SIGNED) {
            requireChecks(settings);
        }
        if (context.kernel().lsmHook("bpf_token_create").isEmpty()) {
            String no = ", and kernel " + context.kernel().release() + " has no BPF tokens";
            if (policy.protection().onlyByToken()) {
                throw settings.error(Protection.ONLY_BY_TOKEN, "is true" + no,
                        "use kernel " + Protection.TOKENS + " or later, or only-by-token = false");
            }
            if (!policy.tokens().none()) {
                throw settings.error(TokenLimits.KEY, "limits them" + no, "use kernel " + Protection.TOKENS + " or later, or take it out");
            }
        }
        if (earlier == null) {
            earlier = new EarlierPrograms(context, object);
        }
        nameSuccessor(policy.protection().successor(), object);
        PolicyEntries entries = new PolicyEntries();
        policy.revokedDigests().forEach(entries::revoked);
        policy.minimumVersions().forEach((name, version) -> entries.minimum(name.equals(MinimumVersions.ANY) ? "" : name, version));
        for (TokenLimits.Kind kind : TokenLimits.Kind.values()) {
            policy.tokens().bits(kind, context.kernel()).ifPresent(bits -> entries.tokenLimit(kind, bits));
        }
        entries.auditOnly(policy.auditOnly().bits());
        for (Policy.Exception exception : policy.exceptions()) {
            entries.exception(exception.executable().map(path -> identify(path, exception)), exception.uid(), exception.allowed());
        }
        if (listing) {
            policy.listed().forEach(file -> entries.listed(identify(file), file.signature()));
        }
        Change change = new Change(policy, object.programs().stream().map(ProgramInfo::name).filter(name -> needed(name, policy))
                .collect(Collectors.toUnmodifiableSet()));
        try {
            change.stage(entries, object);
            return change;
        } catch (RuntimeException e) {
            change.close();
            throw e;
        }
    }

    /** What a policy does not ask for costs nothing. */
    private static boolean needed(String program, Policy policy) {
        Protection protection = policy.protection();
        return switch (program) {
            case "trust_file_open" -> protection.successor() || !policy.interpreters().isEmpty();
            case "trust_path_truncate" -> protection.successor();
            case "trust_task_kill" -> protection.process();
            case "trust_prog_load" -> protection.programs() == Protection.Programs.SIGNED;
            case "trust_prog_token", "trust_map_token" -> protection.onlyByToken();
            case "trust_token_create" -> !policy.tokens().none();
            default -> true;
        };
    }

    /**
     * Tells the kernel who may come in again. The files are those of the first process; one that came in again was let in for
     * having just these, and what lies in their places now is nobody's word.
     */
    private void nameSuccessor(boolean wanted, LoadedObject object) {
        BpfMap runtime = object.map("runtime");
        if (!wanted) {
            noSuccessor = "successor = false";
            runtime.update(FIRST, new byte[runtime.valueSize()]);
            return;
        }
        Successor successor = Successor.ofThisProcess();
        noSuccessor = successor.obstacle();
        if (noSuccessor.isEmpty()) {
            BpfMap own = object.map("own_files");
            FileId program = context.files().identify(List.of(successor.executable())).getFirst();
            if (own.lookup(PolicyEntries.file(program)).isEmpty()) {
                PolicyEntries.Table files = PolicyEntries.own(program, context.files().identify(successor.files()));
                own.updateAll(files.keys(), files.values(), files.count());
            }
            runtime.update(FIRST, successor.encoded());
        }
    }

    private FileId identify(Path path, Policy.Exception exception) {
        try {
            return context.files().identify(List.of(path)).getFirst();
        } catch (FileIds.FileNotFound e) {
            throw exception.error().apply("is " + path + ", which leads to no file");
        }
    }

    private FileId identify(ListedFile file) {
        try {
            return context.files().identify(List.of(file.path())).getFirst();
        } catch (FileIds.FileNotFound e) {
            throw file.error().apply("is about " + file.path() + ", which leads to no file");
        }
    }

    @Override
    public Map<String, String> status() {
        Map<String, String> figures = new LinkedHashMap<>();
        Change now = inForce;
        if (now != null) {
            Policy policy = now.policy;
            figures.put("loaders are known by", listing ? "their SHA-256 and a list of signatures (this kernel tells no fs-verity digests)"
                    : "fs-verity and the signature in " + (context.kernel().version().compareTo(GUARDED) >= 0
                            ? "security.bpf.garrison.signature, else in " : "") + "user.garrison.signature");
            figures.put("certificates", String.valueOf(policy.good().size()));
            if (listing) {
                figures.put("listed loaders", String.valueOf(policy.listed().size()));
            }
            named(figures, "expired certificates", policy.expired());
            named(figures, "revoked certificates", policy.revoked());
            named(figures, "interpreters, with signed scripts only", policy.interpreters());
            if (!policy.revokedDigests().isEmpty()) {
                figures.put("revoked files", String.valueOf(policy.revokedDigests().size()));
            }
            if (!policy.minimumVersions().isEmpty()) {
                figures.put("minimum versions", policy.minimumVersions().entrySet().stream()
                        .map(e -> e.getKey() + " " + e.getValue()).collect(Collectors.joining(", ")));
            }
            figures.put("programs of trusted loaders", policy.protection().programs() == Protection.Programs.SIGNED
                    ? "signed, by the kernel's check; Garrison's own as garrison.trust says" : "any; Garrison's own as garrison.trust says");
            if (policy.protection().onlyByToken()) {
                figures.put("trusted loaders load", "by BPF tokens only");
            }
            if (!policy.tokens().none()) {
                figures.put("tokens may delegate", policy.tokens().text());
            }
            String before = policy.protection().loadedBefore() != Protection.LoadedBefore.ALLOW ? earlier.words() : "";
            if (!before.isEmpty()) {
                figures.put("loaded by others before the gate closed", before);
            }
            if (!policy.auditOnly().words().isEmpty()) {
                figures.put("told of only", String.join(", ", policy.auditOnly().words()));
            }
            if (!policy.exceptions().isEmpty()) {
                figures.put("exceptions", policy.exceptions().stream().map(Policy.Exception::name).collect(Collectors.joining(", ")));
            }
        }
        figures.put("if this process is killed", noSuccessor.isEmpty()
                ? "what is started in its place with the same arguments and files comes in"
                : "nobody comes in before the next boot (" + noSuccessor + ")");
        if (glassBroken) {
            figures.put("gate", "refuses nothing: the kernel was booted with " + BreakGlass.PARAMETER);
        }
        if (!OwnProcess.refusesAgents()) {
            figures.put("this Java machine", "takes agents from others of its user, who could use BPF by it: start it with "
                    + OwnProcess.NO_AGENTS);
        }
        return figures;
    }

    private static void named(Map<String, String> figures, String words, List<X509Certificate> certificates) {
        if (!certificates.isEmpty()) {
            figures.put(words, certificates.stream().map(Policy::name).collect(Collectors.joining(", ")));
        }
    }

    @Override
    public void close() {
        Change last = inForce;
        inForce = null;
        if (earlier != null) {
            earlier.close();
        }
        if (last != null) {
            last.giveUpKeyrings();
        }
    }

    private final class Change implements PolicyChange {
        private final Policy policy;
        private final Set<String> programs;
        private final List<Keyrings.Keyring> keyrings = new ArrayList<>();
        private final Map<BpfMap, BpfMap.InnerMap> staged = new LinkedHashMap<>();

        Change(Policy policy, Set<String> programs) {
            this.policy = policy;
            this.programs = programs;
        }

        void stage(PolicyEntries entries, LoadedObject object) {
            entries.keyrings(keyring(policy.good()), keyring(policy.expired()), keyring(policy.revoked()),
                    keyring(policy.interpreters()));
            for (Keyrings.Keyring keyring : keyrings) {
                entries.guard(keyring.keeper(), KeyOperation.KEEPER);
                entries.guard(keyring.serial(), KeyOperation.OWN);
                keyring.keys().forEach(key -> entries.guard(key, KeyOperation.OWN));
            }
            if (listing) {
                put(object.map("listed"), entries.listed());
            }
            put(object.map("policy"), entries.policy());
        }

        private int keyring(List<X509Certificate> certificates) {
            if (certificates.isEmpty()) {
                return 0;
            }
            Keyrings.Keyring made = context.keyrings().create(certificates);
            keyrings.add(made);
            return made.serial();
        }

        private void put(BpfMap outer, PolicyEntries.Table table) {
            BpfMap.InnerMap inner = outer.createInner(Math.max(1, table.count()));
            staged.put(outer, inner);
            inner.updateAll(table.keys(), table.values(), table.count());
        }

        @Override
        public Set<String> programs() {
            return programs;
        }

        /** The list first, which makes nobody trusted without a key. */
        @Override
        public void commit() {
            staged.forEach((outer, inner) -> outer.updateInner(FIRST, inner));
            Optional<Change> before = Optional.ofNullable(inForce);
            inForce = this;
            earlier.wantRemoval(policy.protection().loadedBefore() == Protection.LoadedBefore.REMOVE);
            earlier.ask();
            before.ifPresent(Change::giveUpKeyrings);
        }

        private void giveUpKeyrings() {
            keyrings.forEach(Keyrings.Keyring::close);
        }

        @Override
        public void close() {
            staged.values().forEach(BpfMap.InnerMap::close);
            if (inForce != this) {
                giveUpKeyrings();
            }
        }
    }
}
