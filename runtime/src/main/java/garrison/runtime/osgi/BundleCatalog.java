// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.osgi;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Finds bundles as the configuration names them: {@code file-guard} is {@code file-guard.jar} in the bundle directory; a text
 * with a slash is a path; either may hold {@code * ? [ ]} in its last part.
 */
public final class BundleCatalog {
    private static final Pattern GLOB = Pattern.compile("[*?\\[{]");

    private final Path directory;

    /** @param directory where names without a slash are looked up */
    public BundleCatalog(Path directory) {
        this.directory = directory;
    }

    /**
     * Finds all, in the order given, each once; those of a glob by name. A name or path is in the result whether there is such
     * a file or not, so that its absence is told where the bundle would be; a glob that finds nothing yields itself.
     */
    public List<BundleFile> find(Collection<String> wanted) {
        Map<Path, BundleFile> found = new LinkedHashMap<>();
        for (String text : wanted) {
            boolean glob = GLOB.matcher(text.substring(text.lastIndexOf('/') + 1)).find();
            for (Path jar : glob ? matching(text) : List.of(plain(text))) {
                found.putIfAbsent(jar, BundleFile.of(jar));
            }
        }
        return List.copyOf(found.values());
    }

    private Path plain(String text) {
        String file = text.endsWith(BundleFile.SUFFIX) ? text : text + BundleFile.SUFFIX;
        return directory.resolve(text.contains("/") ? text : file).normalize();
    }

    private List<Path> matching(String text) {
        Path pattern = directory.resolve(text);
        String name = pattern.getFileName().toString();
        List<Path> jars = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(pattern.getParent(),
                name.endsWith(BundleFile.SUFFIX) ? name : name + BundleFile.SUFFIX)) {
            files.forEach(jars::add);
        } catch (DirectoryIteratorException | IOException e) {
            // A folder that is not there holds nothing; the glob itself is then what was not found.
            jars.clear();
        }
        jars.sort(null);
        return jars.isEmpty() ? List.of(pattern) : jars;
    }
}
