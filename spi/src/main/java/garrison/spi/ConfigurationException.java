// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/** A configuration that cannot be used. The running policy stays as it was. */
public class ConfigurationException extends GarrisonException {
    private static final long serialVersionUID = 1L;

    private final String place;

    /**
     * @param place where: file and line, as far as known
     * @param problem what is wrong with which key
     * @param remedy what to write instead
     */
    public ConfigurationException(String place, String problem, String remedy) {
        super(place + ": " + problem + (remedy.isEmpty() ? "" : "; " + remedy));
        this.place = place;
    }

    /** File and line, for example {@code garrison.conf: 12}. */
    public String place() {
        return place;
    }
}
