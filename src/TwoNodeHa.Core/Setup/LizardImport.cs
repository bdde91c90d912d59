using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Core.Setup;

/// <summary>What became of one setting, or of several together.</summary>
public enum LizardFate
{
    /// <summary>It goes on, under another name.</summary>
    Kept,

    /// <summary>Something else takes its part.</summary>
    Replaced,

    /// <summary>There is none here, and none is needed.</summary>
    Dropped,

    /// <summary>It was not safe, and is gone.</summary>
    Unsafe,
}

/// <summary>One sentence about old settings.</summary>
/// <param name="Fate">What became of them.</param>
/// <param name="Settings">Their names.</param>
/// <param name="Sentence">What they did, and what does it now.</param>
public sealed record LizardNote(LizardFate Fate, string Settings, string Sentence);

/// <summary>
/// HA-Lizard's settings in our words, and what they really added up to in a pool of two. The sums are those of its scripts,
/// read and measured: the run's period, re-checks, votes, a fixed sleep of 15 s behind a promotion, one call after the other.
/// </summary>
public sealed record LizardImport
{
    /// <summary>So long re-checks mean that the site wanted patience, not the default.</summary>
    private const double PatientSeconds = 60;

    private static readonly string[] s_silent =
    [
        "MONITOR_KILLALL", "MONITOR_MAX_STARTS", "MONITOR_SCANRATE", "XE_TIMEOUT", "ENABLE_LOGGING", "HOST_SELECT_METHOD", "FENCE_FILE_LOC",
        "FENCE_MIN_HOSTS", "DISK_MONITOR", "POST_VERSION", "MAIL_SCREEN_TIME",
    ];

    /// <summary>timing profile.</summary>
    public required string Profile { get; init; }

    /// <summary>Gateways that can be taken over; empty when none can.</summary>
    public required ImmutableArray<string> Gateways { get; init; }

    /// <summary><c>all</c> or <c>marked</c>.</summary>
    public required string Protect { get; init; }

    /// <summary>What became of the settings.</summary>
    public required ImmutableArray<LizardNote> Notes { get; init; }

    /// <summary>What the old values added up to, one sentence each.</summary>
    public required ImmutableArray<string> Sums { get; init; }

    /// <summary>Translates.</summary>
    public static LizardImport Of(LizardSettings old)
    {
        var notes = ImmutableArray.CreateBuilder<LizardNote>();
        var profile = Rechecks(old) > PatientSeconds ? "patient" : "balanced";
        notes.Add(new LizardNote(LizardFate.Replaced, "MONITOR_DELAY, XAPI_COUNT, XAPI_DELAY", $"profile = {profile}; ha-ctl timeline says what that means in seconds"));
        var gateways = AddGateways(notes, old);
        var protect = AddVms(notes, old);
        AddFencing(notes, old);
        AddUnsafe(notes, old);
        AddMail(notes, old);
        var silent = s_silent.Where(old.Values.ContainsKey).ToList();
        if (silent.Count > 0)
        {
            notes.Add(new LizardNote(LizardFate.Dropped, string.Join(", ", silent), "no counterpart, and none is needed"));
        }

        return new LizardImport { Profile = profile, Gateways = gateways, Protect = protect, Notes = notes.ToImmutable(), Sums = SumsOf(old) };
    }

    private static double Rechecks(LizardSettings old) => old.Number("XAPI_COUNT") * (old.Number("XAPI_DELAY") + 2.0);

    private static ImmutableArray<string> SumsOf(LizardSettings old)
    {
        var (run, again, carrier) = ((double)old.Number("MONITOR_DELAY"), Rechecks(old), (double)old.Number("MGT_LINK_LOSS_TOLERANCE"));
        var deadMaster = (Best: 28 + again, Typical: (run / 2) + 42 + again, Worst: run + 107 + again);
        var deadSlave = (Best: 12 + again, Typical: (run / 2) + 18 + again, Worst: run + 48 + again);
        var selfReset = (Best: 7 + again, Typical: (run / 2) + 18 + again, Worst: run + 41 + again);
        return
        [
            $"dead master: first VM on the slave after {Range(deadMaster)}",
            $"dead slave: first VM on the master after {Range(deadSlave)}",
            $"slave cut off: it reset itself after {Range(selfReset)}, while the master started its VMs after {Range(deadSlave)}: nothing related the two, "
                + "and where the first was later a VM ran twice",
            $"master cut off, carrier lost: its first VM was stopped after about {Seconds((run / 2) + carrier + 5.5)}, each further one 4 s later; with the carrier up "
                + "(a fault behind the switch port) it kept all of them beside the slave's",
            old.Number("FENCE_REBOOT_LONE_HOST") == 0
                ? "a master that lost both the slave and its gateway kept its VMs and started nothing (FENCE_REBOOT_LONE_HOST = 0)"
                : "a master that lost both the slave and its gateway reset itself, once",
        ];
    }

    private static string Range((double Best, double Typical, double Worst) time) => string.Create(
        CultureInfo.InvariantCulture, $"{time.Best:0} to {time.Worst:0} s, typically {time.Typical:0} s");

    private static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s");

    private static ImmutableArray<string> AddGateways(ImmutableArray<LizardNote>.Builder notes, LizardSettings old)
    {
        var usable = ImmutableArray.CreateBuilder<string>();
        var refused = new List<string>();
        foreach (var text in old.PingedAddresses)
        {
            var fits = AddressText.Parse(text, out _) is { } address && IsPrivate(address) && usable.Count < 8;
            (fits ? (ICollection<string>)usable : refused).Add(text);
        }

        if (usable.Count > 0)
        {
            notes.Add(new LizardNote(LizardFate.Kept, "FENCE_HEURISTICS_IPS", $"[gateway] addresses = {string.Join(", ", usable)}, require = all: as there, all of them must answer"));
        }

        if (refused.Count > 0)
        {
            notes.Add(new LizardNote(LizardFate.Unsafe, "FENCE_HEURISTICS_IPS", $"{string.Join(", ", refused)}: not taken over. An address in the internet falls silent for "
                + "both hosts at once, and answers nothing about this network; the default gateway is taken, or --gateway"));
        }

        return usable.ToImmutable();
    }

    private static bool IsPrivate(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return bytes.Length == 4 ? bytes[0] == 10 || (bytes[0] == 172 && bytes[1] is >= 16 and < 32) || (bytes[0] == 192 && bytes[1] == 168)
            || (bytes[0] == 169 && bytes[1] == 254) || (bytes[0] == 100 && bytes[1] is >= 64 and < 128) : bytes[0] is 0xFC or 0xFD;
    }

    private static string AddVms(ImmutableArray<LizardNote>.Builder notes, LizardSettings old)
    {
        var protect = old.Number("GLOBAL_VM_HA") == 0 ? "marked" : "all";
        var field = old.Text("XC_FIELD_NAME");
        notes.Add(new LizardNote(LizardFate.Kept, "GLOBAL_VM_HA", protect == "all" ? "[policy] protect = all"
            : $"[policy] protect = marked: the custom field {LizardSettings.Field} of each VM is read as it stands, and stays"));
        if (protect == "marked" && field.Length > 0 && field != LizardSettings.Field)
        {
            notes.Add(new LizardNote(LizardFate.Dropped, "XC_FIELD_NAME", $"the field was named '{field}', which is not read: set ha_restart_priority of the marked VMs, or the "
                + $"field {LizardSettings.Field}"));
        }

        if (old.Number("OP_MODE") == 1)
        {
            notes.Add(new LizardNote(LizardFate.Replaced, "OP_MODE, DISABLED_VAPPS", "VMs are protected one by one, not by appliance (which 2.4 could not list); XAPI's start order and delays are kept"));
        }

        notes.Add(new LizardNote(LizardFate.Replaced, "PROMOTE_SLAVE, SLAVE_HA", "always: the survivor becomes master if it must, and starts the VMs"));
        return protect;
    }

    private static void AddFencing(ImmutableArray<LizardNote>.Builder notes, LizardSettings old)
    {
        var method = old.Text("FENCE_METHOD") is { Length: > 0 } text ? text : "POOL";
        notes.Add(method == "POOL"
            ? new LizardNote(LizardFate.Unsafe, "FENCE_METHOD", "POOL did nothing and reported success. Here the host that is cut off fences itself, its watchdog sees to it, and the other waits "
                + "for longer than that takes")
            : new LizardNote(LizardFate.Replaced, "FENCE_METHOD", $"{method}: its answer was not read, success was reported always. Here the host fences itself; look in configuration.md "
                + "for fence agents"));
        notes.Add(new LizardNote(LizardFate.Replaced, "MGT_LINK_LOSS_TOLERANCE", "[gateway] timeout_seconds: whether the gateway is reached counts, on both hosts, not the carrier of the master"));
        if (old.Number("FENCE_ENABLED") == 0)
        {
            notes.Add(new LizardNote(LizardFate.Unsafe, "FENCE_ENABLED", "0: there is no takeover without a fence here"));
        }

        if (old.Text("FENCE_PASSWD").Length > 0)
        {
            notes.Add(new LizardNote(LizardFate.Unsafe, "FENCE_PASSWD", "stood in clear in the pool's database and in the log: change it at the controllers"));
        }
    }

    private static void AddUnsafe(ImmutableArray<LizardNote>.Builder notes, LizardSettings old)
    {
        (string Name, long Value, string Sentence)[] unsafeOnes =
        [
            ("FENCE_QUORUM_REQUIRED", 0, "took over without any vote: a cut wire was enough for both hosts to do so"),
            ("FENCE_HA_ONFAIL", 1, "started VMs although the fence had failed: they may have run on the other host"),
            ("FENCE_USE_IP_HEURISTICS", 0, "left the two hosts with nothing outside the pool to ask"),
            ("FENCE_HOST_FORGET", 1, "removed the other host and its storage from the database"),
            ("SLAVE_VM_STAT", 1, "let two hosts start the same VM"),
        ];
        foreach (var (name, value, sentence) in unsafeOnes.Where(one => old.Number(one.Name) == one.Value))
        {
            notes.Add(new LizardNote(LizardFate.Unsafe, name, $"{value.ToString(CultureInfo.InvariantCulture)} {sentence}; nothing here does"));
        }
    }

    private static void AddMail(ImmutableArray<LizardNote>.Builder notes, LizardSettings old)
    {
        if (old.Text("MAIL_TO") is { Length: > 0 } to)
        {
            notes.Add(new LizardNote(LizardFate.Replaced, "MAIL_*, SMTP_*, ENABLE_ALERTS", "alerts are XAPI messages: the platform mails them, "
                + $"xe pool-param-set uuid=POOL other-config:mail-destination={to} other-config:ssmtp-mailhub=SERVER:PORT"));
        }
    }
}
