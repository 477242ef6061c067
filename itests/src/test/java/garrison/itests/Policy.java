// SPDX-License-Identifier: Apache-2.0
package garrison.itests;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigUtil;
import garrison.itests.attack.Attack;
import garrison.itests.attack.Operation;
import garrison.spi.Mode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A configuration of file-guard, written as a person would write it. */
public final class Policy {
    private final Mode mode;
    private final StringBuilder rules = new StringBuilder();
    private String runtime = "";
    private String settings = "";

    /** @param mode of the plugin */
    public Policy(Mode mode) {
        this.mode = mode;
    }

    /**
     * Adds a rule that lets no one through.
     *
     * @param kind whether {@code place} is all of it or the root of a tree
     */
    public Policy rule(String name, Attack.Rule kind, Path place, Operation... operations) {
        return rule(name, kind, List.of(place), List.of(operations), "");
    }

    /**
     * Adds a rule.
     *
     * @param places at least one
     * @param more further keys, as HOCON; or empty
     */
    public Policy rule(String name, Attack.Rule kind, Collection<Path> places, Collection<Operation> operations, String more) {
        return add(name, kind == Attack.Rule.TREE ? "trees" : "paths", places.stream().map(Path::toString).toList(), operations, more);
    }

    /** Adds a rule for what a pattern stands for. */
    public Policy globs(String name, String pattern, Operation... operations) {
        return add(name, "globs", List.of(pattern), List.of(operations), "");
    }

    /** Adds a rule for all that lies on file systems of a type. */
    public Policy fileSystems(String name, String type, Operation... operations) {
        return add(name, "file-systems", List.of(type), List.of(operations), "");
    }

    private Policy add(String name, String key, List<String> places, Collection<Operation> operations, String more) {
        rules.append("    { name = ").append(quoted(name)).append(", ").append(key).append(" = [ ")
                .append(places.stream().map(Policy::quoted).collect(Collectors.joining(", "))).append(" ], operations = [ ")
                .append(operations.stream().map(Operation::word).collect(Collectors.joining(", ")))
                .append(" ]").append(more.isEmpty() ? "" : ", " + more).append(" }\n");
        return this;
    }

    /** Adds a section {@code garrison.runtime}, for the standalone program. */
    public Policy runtime(String hocon) {
        runtime = "  runtime { " + hocon + " }\n";
        return this;
    }

    /** Adds settings of the plugin beside its rules, as HOCON. */
    public Policy settings(String hocon) {
        settings += "    " + hocon + "\n";
        return this;
    }

    /** The file's text. */
    public String text() {
        return "garrison {\n" + runtime + "  plugins.file-guard {\n    mode = " + mode + "\n" + settings + "    rules = [\n"
                + rules.toString().indent(2) + "    ]\n  }\n}\n";
    }

    /** Parsed, as the embedding program hands it over. */
    public Config config() {
        return parse(text());
    }

    /** A configuration in which errors are placed at the lines of the text. */
    public static Config parse(String text) {
        return ConfigFactory.parseString(text, ConfigParseOptions.defaults().setOriginDescription("policy"));
    }

    /** HOCON for who may do what a rule refuses to others; null for any. */
    public static String allow(Path executable, Integer uid) {
        List<String> conditions = new ArrayList<>();
        if (executable != null) {
            conditions.add("executable = " + quoted(executable.toString()));
        }
        if (uid != null) {
            conditions.add("uid = " + uid);
        }
        return "allow = [ { " + String.join(", ", conditions) + " } ]";
    }

    /** HOCON for entries written out. */
    public static String allowing(String... entries) {
        return "allow = [ { " + String.join(" }, { ", entries) + " } ]";
    }

    /** A rule's own mode. */
    public static String mode(Mode mode) {
        return "mode = " + mode.name().toUpperCase(Locale.ROOT);
    }

    /** HOCON text. */
    public static String quoted(String text) {
        return ConfigUtil.quoteString(text);
    }
}
