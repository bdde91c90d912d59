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
        if (!ignoreMemory)
        {
            AssertMemory(db, vm, host);
        }
    }

    public static IReadOnlyList<Row> PossibleHosts(Database db, Row vm, bool ignoreMemory = false) =>
        [.. db.All("host").Where(host => Fits(db, vm, host, ignoreMemory))];

    public static long FreeMemory(Database db, Row host)
    {
        long used = db.All("VM")
            .Where(vm => vm.Text("resident_on") == host.Ref || vm.Text("scheduled_to_be_resident_on") == host.Ref)
            .Sum(vm => vm.Number("memory_dynamic_min") + vm.Number("memory_overhead"));
        return Math.Max(0, db.Metrics(host).Number("memory_total") - host.Number("memory_overhead") - used);
    }

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

    private static void AssertMemory(Database db, Row vm, Row host)
    {
        long needed = vm.Number("memory_dynamic_min") + vm.Number("memory_overhead");
        long available = FreeMemory(db, host);
        if (vm.Text("scheduled_to_be_resident_on") != host.Ref && needed > available)
        {
            throw new ApiException("HOST_NOT_ENOUGH_FREE_MEMORY", $"{needed}", $"{available}");
        }
    }
}
