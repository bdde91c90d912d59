namespace TwoNodeHa.Core.Config;

/// <summary>
/// Turns the text of a configuration file into a validated configuration, or into everything that is wrong with it.
/// </summary>
public static class ConfigParser
{
    /// <summary>Reads a configuration; never throws on any text.</summary>
    /// <param name="fileName">Name for findings; no file is opened.</param>
    /// <param name="text">The whole text, at most 256 Ki characters.</param>
    /// <returns>The configuration when there is no error, and all findings at once.</returns>
    public static ConfigResult Parse(string fileName, string text)
    {
        var findings = new FindingList(fileName);
        if (text.Length > IniDocument.CharactersMax)
        {
            findings.Error(0, "", $"longer than {IniDocument.CharactersMax} characters: this is no configuration of "
                + "TwoNodeHa, name another file");
            return new ConfigResult(null, findings.ByLine());
        }

        var document = IniDocument.Read(text, findings);
        SchemaCheck.Run(document, findings);
        var addresses = new AddressBook(findings);
        var hosts = new HostsReader(document, findings, addresses).Read();
        var (links, diskLinks) = new LinksReader(document, findings, addresses).Read();
        var profile = TimingReader.ReadProfile(document, findings);
        var site = new SiteReader(document, findings);
        var watchdog = site.ReadWatchdog();
        var errors = findings.Errors;
        var gateway = new GatewayReader(document, findings, addresses).Read(profile);
        var gatewaySound = findings.Errors == errors;
        var timing = new TimingReader(document, findings).Read(profile.Timing, gateway, watchdog, gatewaySound);
        addresses.Check();
        var third = new ThirdPartyReader(document, findings);
        var fences = third.ReadFences(hosts);
        var arbiter = third.ReadArbiter(timing);
        var storage = new StorageReader(document, findings).Read();
        var reserves = !storage.ReservedLuns.IsEmpty;
        if (reserves && document.Find("arbiter") is { } both)
        {
            findings.Error(both.Line, both.Title, "reservations on the storage are the arbiter already: remove this section, or reservation from [storage]");
        }

        var config = new HaConfig
        {
            Hosts = hosts,
            Links = links,
            DiskLinks = diskLinks,
            Gateway = gateway,
            Timing = timing,
            Policy = site.ReadPolicy() with
            {
                UsesArbiter = arbiter is not null || reserves,
                UsesReservation = reserves,
                UsesFenceAgent = !fences.IsEmpty,
            },
            Fences = fences,
            Arbiter = arbiter,
            Storage = storage,
            Watchdog = watchdog,
            Alerts = new AlertsReader(document, findings).Read(),
            Paths = site.ReadPaths(),
            Tools = site.ReadTools(),
        };
        return new ConfigResult(findings.Errors == 0 ? config : null, findings.ByLine());
    }

    /// <summary>
    /// Path of the control socket as the text says it, else the default. Works on a text that <see cref="Parse"/>
    /// refuses, so that an operator reaches the daemon while the file is being edited.
    /// </summary>
    public static string ControlSocketOf(string text)
    {
        var byDefault = new PathsConfig().ControlSocket;
        if (text.Length > IniDocument.CharactersMax)
        {
            return byDefault;
        }

        var written = IniDocument.Read(text, new FindingList("")).Find("paths")?.Find("control_socket")?.Value;
        return string.IsNullOrEmpty(written) ? byDefault : written;
    }
}
