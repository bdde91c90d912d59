using System.Net;

namespace TwoNodeHa.Core.Config;

/// <summary>All addresses of a file with their places, for the rules that look across sections.</summary>
internal sealed class AddressBook(FindingList findings)
{
    private readonly List<(IPAddress Address, int Line, string Key, string Owner)> _own = [];
    private readonly List<(IPAddress Address, int Line, string Key)> _gateways = [];

    /// <summary>Notes an address of a host, or of its end of a link.</summary>
    public void AddOwn(IPAddress address, int line, string key, string host) => _own.Add((address, line, key, host));

    /// <summary>Notes an address of the gateway.</summary>
    public void AddGateway(IPAddress address, int line, string key) => _gateways.Add((address, line, key));

    /// <summary>Rules across sections: owners, gateways, loopback.</summary>
    public void Check()
    {
        CheckOwners();
        CheckGateways();
        CheckLoopback();
    }

    private void CheckOwners()
    {
        for (var later = 1; later < _own.Count; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                var (address, line, key, owner) = _own[later];
                var other = _own[earlier];
                if (address.Equals(other.Address) && owner != other.Owner && !IPAddress.IsLoopback(address))
                {
                    findings.Error(
                        line, key, $"{address} is the address of {other.Owner} already (line {other.Line}): write the one of {owner}");
                    break;
                }
            }
        }
    }

    private void CheckGateways()
    {
        foreach (var (address, line, key) in _gateways)
        {
            foreach (var own in _own)
            {
                if (address.Equals(own.Address))
                {
                    findings.Error(
                        line,
                        key,
                        $"{address} is an address of {own.Owner} (line {own.Line}) and answers without any network: write a router's or a switch's");
                    break;
                }
            }
        }
    }

    /// <summary>Loopback is for tests on one machine: all addresses or none.</summary>
    private void CheckLoopback()
    {
        var all = new List<(IPAddress Address, int Line, string Key)>(_gateways);
        foreach (var (address, line, key, _) in _own)
        {
            all.Add((address, line, key));
        }

        var real = 0;
        foreach (var (address, _, _) in all)
        {
            real += IPAddress.IsLoopback(address) ? 0 : 1;
        }

        if (real == 0)
        {
            return;
        }

        foreach (var (address, line, key) in all)
        {
            if (IPAddress.IsLoopback(address))
            {
                findings.Error(line, key, $"{address} is a loopback address and proves nothing about the network: write a real one");
            }
        }
    }
}
