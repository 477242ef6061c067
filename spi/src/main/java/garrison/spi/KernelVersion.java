// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A kernel's version number. Use it for words ("minimum kernel 6.8"), not for decisions: distributions move features
 * across versions, so ask {@link KernelFeatures} instead.
 *
 * @param major 6 of 6.12.107
 * @param minor 12 of 6.12.107
 * @param patch 107 of 6.12.107; 0 when absent
 */
public record KernelVersion(int major, int minor, int patch) implements Comparable<KernelVersion> {
    private static final Pattern RELEASE = Pattern.compile("(\\d{1,9})\\.(\\d{1,9})(?:\\.(\\d{1,9}))?.*", Pattern.DOTALL);

    /**
     * Reads a release string such as {@code 6.12.107+deb13-cloud-amd64}.
     *
     * @throws IllegalArgumentException if it does not begin with two numbers
     */
    public static KernelVersion parse(String release) {
        Matcher m = RELEASE.matcher(release);
        if (!m.matches()) {
            throw new IllegalArgumentException("not a kernel release: '" + release + "'");
        }
        return new KernelVersion(Integer.parseInt(m.group(1)), Integer.parseInt(m.group(2)),
                m.group(3) == null ? 0 : Integer.parseInt(m.group(3)));
    }

    @Override
    public int compareTo(KernelVersion other) {
        int byMajor = Integer.compare(major, other.major);
        if (byMajor != 0) {
            return byMajor;
        }
        int byMinor = Integer.compare(minor, other.minor);
        return byMinor != 0 ? byMinor : Integer.compare(patch, other.patch);
    }

    @Override
    public String toString() {
        return major + "." + minor + (patch == 0 ? "" : "." + patch);
    }
}
