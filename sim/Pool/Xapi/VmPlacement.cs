using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>Checks before a start, in XAPI's order; they consult the database only (xapi.md 6.2, 6.5).</summary>
internal static class VmPlacement
{
    public static void AssertCanBootHere(Database db, Row vm, Row host, bool ignoreMemory = false)
    {
        if (!db.IsLive(host))
        {
            throw new ApiException("HOST_NOT_LIVE");
        }

        if (!host.Flag("enabled"))
        {
            throw new ApiException("HOST_DISABLED", host.Ref);
        }

        AssertStorage(db, vm, host);
        AssertNetworks(db, vm, host);
        if (!ignoreMemory)
        {
            AssertMemory(db, vm, host);
        }
    }

    public static IReadOnlyList<Row> PossibleHosts(Database db, Row vm, bool ignoreMemory = false) =>
        [.. db.All("host").Where(host => Fits(db, vm, host, ignoreMemory))];

    /// <summary>SRs of all non-empty VBDs, in device order.</summary>
    public static IEnumerable<Row> StorageOf(Database db, Row vm) => DisksOf(db, vm).Select(vdi => db.Get("SR", vdi.Text("SR")));

    public static IEnumerable<Row> DisksOf(Database db, Row vm) => vm.List("VBDs")
        .Select(reference => db.Get("VBD", reference))
        .Where(vbd => !vbd.Flag("empty"))
        .Select(vbd => db.Get("VDI", vbd.Text("VDI")));

    private static bool Fits(Database db, Row vm, Row host, bool ignoreMemory)
    {
        try
        {
            AssertCanBootHere(db, vm, host, ignoreMemory);
            return true;
        }
        catch (ApiException)
        {
            return false;
        }
    }

    private static void AssertStorage(Database db, Row vm, Row host)
    {
        foreach (Row sr in StorageOf(db, vm))
        {
            bool attached = sr.List("PBDs")
                .Select(reference => db.Get("PBD", reference))
                .Any(pbd => pbd.Text("host") == host.Ref && pbd.Flag("currently_attached"));
            if (!attached)
            {
                throw new ApiException("VM_REQUIRES_SR", vm.Ref, sr.Ref);
            }
        }
    }

    /// <summary>A network with physical interfaces needs one on that host; one without is the host's own affair.</summary>
    private static void AssertNetworks(Database db, Row vm, Row host)
    {
        foreach (string network in vm.List("VIFs").Select(reference => db.Get("VIF", reference).Text("network")))
        {
            List<Row> ports = [.. db.All("PIF").Where(port => port.Text("network") == network)];
            if (ports.Count > 0 && ports.TrueForAll(port => port.Text("host") != host.Ref))
            {
                throw new ApiException("VM_REQUIRES_NETWORK", vm.Ref, network);
            }
        }
    }

    private static void AssertMemory(Database db, Row vm, Row host)
    {
        long needed = MemoryCheck.Need(vm);
        long available = MemoryCheck.Free(db, host, vm);
        if (needed > available)
        {
            throw MemoryCheck.Short(needed, available);
        }
    }
}
