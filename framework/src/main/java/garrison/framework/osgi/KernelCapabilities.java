// SPDX-License-Identifier: Apache-2.0
package garrison.framework.osgi;

import garrison.framework.KernelFeature;
import garrison.framework.kernel.FeatureScan;
import garrison.framework.kernel.Namespace;
import garrison.spi.Answer;
import garrison.spi.GarrisonException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells an OSGi framework what the kernel has: a bundle made on the spot that holds nothing but a manifest, which provides each
 * feature as a capability. A bundle that requires one resolves just where it is. What could not be found out is provided, with
 * the attribute {@code answer=inconclusive}: the load tells.
 *
 * <p>The bundle need not be started. A framework that keeps its bundles from one boot to the next gets it replaced at the next
 * {@link #install}, since the kernel may be another one then.
 */
public final class KernelCapabilities {
    /** The bundle's symbolic name. */
    public static final String SYMBOLIC_NAME = "garrison.kernel";
    private static final String LOCATION = "garrison:kernel";

    private static final Logger LOG = LoggerFactory.getLogger(KernelCapabilities.class);

    private KernelCapabilities() {}

    /**
     * Installs the bundle, or replaces the one there.
     *
     * @param context of the bundle on whose behalf it is installed; the system bundle's is fine
     * @param features as {@link garrison.framework.Garrison#features()} tells
     * @throws GarrisonException if the framework does not take it
     */
    public static Bundle install(BundleContext context, List<KernelFeature> features) {
        byte[] jar = jar(features);
        try {
            Bundle present = context.getBundle(LOCATION);
            if (present == null) {
                return context.installBundle(LOCATION, new ByteArrayInputStream(jar));
            }
            if (!header(features).equals(present.getHeaders("").get(Constants.PROVIDE_CAPABILITY))) {
                present.update(new ByteArrayInputStream(jar));
            }
            return present;
        } catch (BundleException e) {
            throw new GarrisonException("the OSGi framework refuses the bundle " + SYMBOLIC_NAME + ", which provides the kernel's"
                    + " features: " + e.getMessage(), e);
        }
    }

    /**
     * The same, and then starts the bundles that were to start and could not for want of it. For a host whose bundles start in
     * any order.
     */
    public static void offer(BundleContext context, List<KernelFeature> features) {
        install(context, features);
        for (Bundle bundle : context.getBundles()) {
            if (bundle.getState() == Bundle.INSTALLED && bundle.adapt(BundleStartLevel.class).isPersistentlyStarted()
                    && requires(bundle)) {
                try {
                    bundle.start(Bundle.START_ACTIVATION_POLICY);
                } catch (BundleException e) {
                    LOG.error("bundle {} does not start: {}", bundle.getSymbolicName(), e.getMessage());
                }
            }
        }
    }

    private static boolean requires(Bundle bundle) {
        String header = bundle.getHeaders("").get(Constants.REQUIRE_CAPABILITY);
        return header != null && Clause.parse("bundle " + bundle.getSymbolicName(), header).stream()
                .anyMatch(clause -> Namespace.of(clause.path()).isPresent());
    }

    /** The bundle's bytes. */
    static byte[] jar(List<KernelFeature> features) {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
        main.putValue(Constants.BUNDLE_SYMBOLICNAME, SYMBOLIC_NAME);
        main.putValue(Constants.BUNDLE_VERSION, "1.0.0");
        main.putValue(Constants.BUNDLE_NAME, "Features of the running kernel");
        main.putValue(Constants.PROVIDE_CAPABILITY, header(features));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            new JarOutputStream(bytes, manifest).close();
        } catch (IOException e) {
            throw new IllegalStateException("memory cannot be written to", e);
        }
        return bytes.toByteArray();
    }

    private static String header(List<KernelFeature> features) {
        List<Clause> clauses = new ArrayList<>();
        for (KernelFeature feature : features) {
            if (!(feature.answer() instanceof Answer.No)) {
                Map<String, String> attributes = new LinkedHashMap<>();
                attributes.put(feature.namespace(), feature.name());
                attributes.put("answer", FeatureScan.word(feature.answer()));
                feature.attributes().forEach((name, value) -> {
                    switch (value) {
                        case Long number -> attributes.put(name + ":Long", number.toString());
                        // C types, of which none has a comma.
                        case List<?> list -> attributes.put(name + ":List<String>",
                                list.stream().map(Object::toString).collect(Collectors.joining(",")));
                        default -> attributes.put(name, value.toString());
                    }
                });
                clauses.add(new Clause(feature.namespace(), attributes, Map.of()));
            }
        }
        return Clause.header(clauses);
    }
}
