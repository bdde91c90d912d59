using System.Collections.Immutable;

namespace TwoNodeHa.Core.Config;

/// <summary>Reads the two <c>[host NAME]</c> sections.</summary>
internal sealed class HostsReader(IniDocument document, FindingList findings, AddressBook addresses)
{
    private const int NameLengthMax = 63;

    /// <summary>Both hosts ordered by name; empty when there are not exactly two usable ones.</summary>
    public ImmutableArray<HostConfig> Read()
    {
        var hosts = new List<HostConfig>();
        var sections = Sections();
        foreach (var section in sections)
        {
            if (ReadHost(section) is { } host)
            {
                hosts.Add(host);
            }
        }

        if (hosts.Count != 2 || sections.Count != 2)
        {
            return [];
        }

        CheckPair(hosts[0], hosts[1], sections[1]);
        hosts.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        return [.. hosts];
    }

    /// <summary>Names of all host sections, also of those with errors: links refer to them.</summary>
    public static List<string> Names(IniDocument document)
    {
        var names = new List<string>();
        foreach (var section in document.Sections)
        {
            if (section.Kind == "host" && section.Name.Length > 0)
            {
                names.Add(section.Name);
            }
        }

        return names;
    }

    /// <summary>A name that fits into messages, keys and log fields.</summary>
    public static bool IsName(string name)
    {
        if (name.Length is 0 or > NameLengthMax || !char.IsAsciiLetterOrDigit(name[0]))
        {
            return false;
        }

        foreach (var character in name)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_' or '.'))
            {
                return false;
            }
        }

        return true;
    }

    private List<IniSection> Sections()
    {
        var sections = new List<IniSection>();
        foreach (var section in document.Sections)
        {
            if (section.Kind == "host")
            {
                sections.Add(section);
            }
        }

        if (sections.Count < 2)
        {
            findings.Error(
                0, "host", $"exactly two hosts are needed, found {sections.Count}: write a section [host NAME] for each with uuid and address");
        }

        for (var extra = 2; extra < sections.Count; extra++)
        {
            findings.Error(
                sections[extra].Line, sections[extra].Title, "a third host: this is HA for pools of exactly two, remove the section");
        }

        return sections;
    }

    private HostConfig? ReadHost(IniSection section)
    {
        if (!IsName(section.Name) || section.Name == "port")
        {
            findings.Error(
                section.Line,
                section.Title,
                section.Name == "port"
                    ? "\"port\" is a key of [link] sections: give the host another name"
                    : $"a host needs a name of letters, digits, - _ . (at most {NameLengthMax}): write [host alpha]");
            return null;
        }

        SchemaCheck.Keys(section, ConfigKeys.Host, findings);
        var reader = new SectionReader(section, findings);
        var uuidText = reader.Required("uuid", "INSTALLATION_UUID of its /etc/xensource-inventory");
        var addressText = reader.Required("address", "its management address");
        var uuid = Guid.Empty;
        if (uuidText is not null && (!Guid.TryParseExact(uuidText, "D", out uuid) || uuid == Guid.Empty))
        {
            reader.Error("uuid", $"\"{uuidText}\" is not a uuid: write INSTALLATION_UUID of this host's /etc/xensource-inventory");
        }

        if (addressText is null)
        {
            return null;
        }

        if (AddressText.Parse(addressText, out var problem) is not { } address)
        {
            reader.Error("address", problem);
            return null;
        }

        addresses.AddOwn(address, reader.LineOf("address"), reader.PathOf("address"), section.Name);
        return uuid == Guid.Empty ? null : new HostConfig(section.Name, uuid, address);
    }

    private void CheckPair(HostConfig first, HostConfig second, IniSection secondSection)
    {
        var reader = new SectionReader(secondSection, findings);
        if (first.Uuid == second.Uuid)
        {
            reader.Error("uuid", $"{second.Uuid} is the uuid of {first.Name} already: write INSTALLATION_UUID of {second.Name}");
        }

        if (string.Equals(first.Name, second.Name, StringComparison.OrdinalIgnoreCase))
        {
            findings.Error(
                secondSection.Line, secondSection.Title, $"differs from [host {first.Name}] only by case: use clearly different names");
        }
    }
}
