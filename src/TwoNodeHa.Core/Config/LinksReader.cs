using System.Collections.Immutable;
using System.Net;

namespace TwoNodeHa.Core.Config;

/// <summary>Reads the <c>[link NAME]</c> sections: each names both hosts, or a shared disk.</summary>
internal sealed class LinksReader(IniDocument document, FindingList findings, AddressBook addresses)
{
    private const int LinksMax = 8;
    private const string DiskKey = "disk";

    /// <summary>All usable links in the order of the file.</summary>
    public (ImmutableArray<LinkConfig> Links, ImmutableArray<DiskLinkConfig> DiskLinks) Read()
    {
        var names = HostsReader.Names(document);
        names.Sort(StringComparer.Ordinal);
        var links = ImmutableArray.CreateBuilder<LinkConfig>();
        var disks = ImmutableArray.CreateBuilder<DiskLinkConfig>();
        var count = 0;
        foreach (var section in document.Sections)
        {
            if (section.Kind != "link")
            {
                continue;
            }

            count++;
            if (section.Find(DiskKey) is not null)
            {
                if (ReadDisk(section, disks, count) is { } disk)
                {
                    disks.Add(disk);
                }
            }
            else if (ReadLink(section, names, count) is { } link)
            {
                CheckAgainst(links, link, section);
                links.Add(link);
            }
        }

        if (count == 0)
        {
            findings.Error(0, "link", "no link: write a section [link mgmt] that names both hosts with their "
                + "addresses");
        }
        else if (disks.Count > 0 && disks.Count == count)
        {
            findings.Error(0, "link", "only disk links: write a section [link mgmt] too that names both hosts with "
                + "their addresses, a disk alone is too slow to pair on");
        }

        return (links.ToImmutable(), disks.ToImmutable());
    }

    private DiskLinkConfig? ReadDisk(IniSection section, IEnumerable<DiskLinkConfig> earlier, int count)
    {
        if (!IsNamed(section) || !IsWithin(section, count))
        {
            return null;
        }

        var reader = new SectionReader(section, findings);
        SchemaCheck.Keys(section, [DiskKey], findings);
        if (reader.Text(DiskKey) is not { } path)
        {
            return null;
        }

        if (!path.StartsWith('/') || path.EndsWith('/'))
        {
            reader.Error(DiskKey, $"\"{path}\" is not an absolute path of a file or device: write one that both "
                + "hosts share, like /run/sr-mount/SR-UUID/twonodeha");
            return null;
        }

        foreach (var other in earlier)
        {
            if (other.Path == path)
            {
                reader.Error(DiskKey, $"{path} is the disk of [link {other.Name}] already: remove one of the two");
                return null;
            }
        }

        return new DiskLinkConfig(section.Name, path);
    }

    private LinkConfig? ReadLink(IniSection section, List<string> hosts, int count)
    {
        if (!IsNamed(section) || !IsWithin(section, count))
        {
            return null;
        }

        var reader = new SectionReader(section, findings);
        var port = reader.Number("port", AddressText.DefaultPort, 1, 65535);
        if (hosts.Count != 2)
        {
            // The missing or surplus host is a finding already; blaming the keys of the link would only confuse.
            return null;
        }

        SchemaCheck.Keys(section, [hosts[0], hosts[1], "port"], findings);
        var first = ReadEnd(reader, hosts[0], port);
        var second = ReadEnd(reader, hosts[1], port);
        if (first is null || second is null)
        {
            return null;
        }

        CheckEnds(reader, hosts[1], first, second);
        return new LinkConfig(section.Name, first, second);
    }

    private bool IsNamed(IniSection section)
    {
        if (HostsReader.IsName(section.Name))
        {
            return true;
        }

        findings.Error(section.Line, section.Title, "a link needs a name of letters, digits, - _ . : write "
            + "[link mgmt]");
        return false;
    }

    private bool IsWithin(IniSection section, int count)
    {
        if (count > LinksMax)
        {
            findings.Error(section.Line, section.Title, $"more than {LinksMax} links: remove the section");
        }

        return count <= LinksMax;
    }

    private IPEndPoint? ReadEnd(SectionReader reader, string host, int port)
    {
        if (reader.Required(host, $"the address of {host} on this link") is not { } text)
        {
            return null;
        }

        if (AddressText.ParseEndpoint(text, port, out var problem) is not { } endpoint)
        {
            reader.Error(host, problem);
            return null;
        }

        addresses.AddOwn(endpoint.Address, reader.LineOf(host), reader.PathOf(host), host);
        return endpoint;
    }

    private static void CheckEnds(SectionReader reader, string secondHost, IPEndPoint first, IPEndPoint second)
    {
        if (first.Equals(second))
        {
            reader.Error(secondHost, $"both ends of the link are {second}: write the address of {secondHost}");
        }
        else if (AddressText.IsIpv4(first.Address) != AddressText.IsIpv4(second.Address))
        {
            reader.Error(secondHost, "one end is IPv4 and the other IPv6: write two addresses of one family");
        }
    }

    private void CheckAgainst(IEnumerable<LinkConfig> earlier, LinkConfig link, IniSection section)
    {
        foreach (var other in earlier)
        {
            if (link.First.Equals(other.First) || link.Second.Equals(other.Second))
            {
                findings.Error(
                    section.Line,
                    section.Title,
                    $"uses an endpoint of [link {other.Name}]: write the addresses of another network, or remove "
                        + "one of the two");
            }
            else if (link.First.Address.Equals(other.First.Address) && link.Second.Address.Equals(other.Second.Address)
                && !IPAddress.IsLoopback(link.First.Address))
            {
                findings.Warning(
                    section.Line,
                    section.Title,
                    $"has the addresses of [link {other.Name}]: it fails with it and adds nothing, write those of "
                        + "another network");
            }
        }
    }
}
