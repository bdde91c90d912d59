using System.Globalization;
using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>
/// Versions of the two toolstacks, and what XAPI refuses while they differ (helpers.ml Checks.RPU, db_gc.ml, xapi.ml). One number stands
/// for the platform's, xapi's and Xen's, which an update of the platform raises together.
/// </summary>
internal static class Versions
{
    /// <summary>What a host has that was never updated.</summary>
    public const string First = "25.33.0";

    /// <summary>Key in host.software_version.</summary>
    public const string Key = "xapi_build";

    private const string Field = "software_version";
    private const string Upgrading = "rolling_upgrade_in_progress";

    /// <summary>The one that an update brings.</summary>
    public static string After(string version)
    {
        (int major, int minor) = Parse(version);
        return string.Create(CultureInfo.InvariantCulture, $"{major}.{minor + 1}.0");
    }

    /// <summary>Below, at or above zero, as major and minor number compare; XAPI looks at no more.</summary>
    public static int Compare(string left, string right) => Parse(left).CompareTo(Parse(right));

    public static string Of(Row host) => host.Entry(Field, Key) ?? First;

    public static void Note(Row host, string version) => host.SetEntry(Field, Key, version);

    /// <summary>Pool.other_config says so; the master looks every half minute whether it is true.</summary>
    public static bool IsUpgrading(Database db) => db.Pool().Entry("other_config", Upgrading) is not null;

    public static void Detect(XapiProcess process)
    {
        string own = Of(process.Db.Host(process.HostRef));
        bool differ = process.Db.All("host").Any(host => Compare(Of(host), own) != 0);
        if (differ == IsUpgrading(process.Db))
        {
            return;
        }

        if (differ)
        {
            process.Db.Pool().SetEntry("other_config", Upgrading, "true");
        }
        else
        {
            process.Db.Pool().RemoveEntry("other_config", Upgrading);
        }

        process.Log("rolling_upgrade", ("begins", differ ? "true" : "false"));
    }

    /// <summary>VM.start_on and VM.resume_on: in an upgrade only a host of the highest version takes VMs.</summary>
    public static void AssertHighest(Database db, Row host)
    {
        if (!IsHighest(db, host))
        {
            throw Refused();
        }
    }

    /// <summary>What VM.start chooses among.</summary>
    public static bool IsHighest(Database db, Row host) =>
        !IsUpgrading(db) || db.All("host").All(other => Compare(Of(host), Of(other)) >= 0);

    /// <summary>VM.pool_migrate: never to an older host.</summary>
    public static void AssertNotDecreasing(Database db, Row source, Row target)
    {
        if (IsUpgrading(db) && Compare(Of(target), Of(source)) < 0)
        {
            throw Refused();
        }
    }

    /// <summary>Operations that are not in xapi_globs.ml, rpu_allowed_vm_operations.</summary>
    public static void AssertAllowed(Database db, string operation)
    {
        if (operation is "checkpoint" or "snapshot" && IsUpgrading(db))
        {
            throw Refused();
        }
    }

    private static ApiException Refused() => new("NOT_SUPPORTED_DURING_UPGRADE");

    internal static (int Major, int Minor) Parse(string version)
    {
        string[] parts = version.Split('.');
        return (int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
