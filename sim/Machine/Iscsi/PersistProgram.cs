using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace TwoNodeHa.Sim.Machine.Iscsi;

/// <summary>
/// <c>sg_persist</c> without a kernel that has SCSI: the options and the output of sg3_utils 1.46, the commands (SPC-4, 6.13 and 6.14) by
/// the host's own session. A device is a path that ends with <c>lun</c> and its number.
/// </summary>
internal sealed class PersistProgram(IscsiSession session)
{
    private const int ExitSyntax = 1;
    private const int ExitNotReady = 2;
    private const int ExitIllegal = 5;
    private const int ExitUnitAttention = 6;
    private const int ExitFile = 15;
    private const int ExitConflict = 24;
    private const int ExitTransport = 35;
    private const int ExitOther = 99;

    private const byte PersistentReserveIn = 0x5E;
    private const byte PersistentReserveOut = 0x5F;
    private const int ParametersBytes = 24;
    private const int AllocationBytes = 1024;

    private static readonly Dictionary<string, byte> ReadActions = new() { ["--read-keys"] = 0, ["--read-reservation"] = 1, ["--report-capabilities"] = 2 };

    private static readonly Dictionary<string, byte> ChangeActions = new()
    {
        ["--register"] = 0, ["--reserve"] = 1, ["--release"] = 2, ["--clear"] = 3, ["--preempt"] = 4, ["--preempt-abort"] = 5, ["--register-ignore"] = 6,
    };

    private static readonly Dictionary<int, string> Types = new()
    {
        [1] = "Write Exclusive", [3] = "Exclusive Access", [5] = "Write Exclusive, registrants only",
        [6] = "Exclusive Access, registrants only", [7] = "Write Exclusive, all registrants", [8] = "Exclusive Access, all registrants",
    };

    /// <summary>Runs one command line. The exit code, and what it says.</summary>
    public async Task<(int Code, string Output)> RunAsync(IReadOnlyList<string> words)
    {
        string[] flags = [.. words.Where(word => word.StartsWith('-') && !word.Contains('='))];
        if (LunOf(words[^1]) is not { } lun)
        {
            return (ExitFile, $"open error: {words[^1]}: No such file or directory");
        }

        string? read = flags.FirstOrDefault(ReadActions.ContainsKey);
        string? change = flags.FirstOrDefault(ChangeActions.ContainsKey);
        return (flags.Contains("--in"), flags.Contains("--out"), read, change) switch
        {
            (true, false, { } action, null) => await ReadAsync(lun, ReadActions[action]),
            (false, true, null, { } action) => await ChangeAsync(lun, ChangeActions[action], words),
            _ => (ExitSyntax, "one of --in and --out, and what to do"),
        };
    }

    /// <summary>Registered keys; null when they cannot be read.</summary>
    public async Task<ulong[]?> KeysAsync(int lun)
    {
        ScsiAnswer answer = await AskAsync(lun, 0);
        return answer.Status == LibIscsi.Good ? KeysIn(answer.Data) : null;
    }

    /// <summary>Registers a key, whatever was registered by this session.</summary>
    public Task<(int Code, string Output)> RegisterAsync(int lun, ulong key) =>
        ChangeAsync(lun, ChangeActions["--register-ignore"], [string.Create(CultureInfo.InvariantCulture, $"--param-sark=0x{key:x}")]);

    private static int? LunOf(string device)
    {
        string name = Path.GetFileName(device);
        return File.Exists(device) && name.StartsWith("lun", StringComparison.Ordinal) && int.TryParse(name.AsSpan(3), CultureInfo.InvariantCulture, out int lun) ? lun : null;
    }

    private static ulong[] KeysIn(byte[] data) =>
        [.. Enumerable.Range(0, BinaryPrimitives.ReadInt32BigEndian(data.AsSpan(4)) / 8).Select(index => BinaryPrimitives.ReadUInt64BigEndian(data.AsSpan(8 + (8 * index))))];

    private static string Said(byte action, byte[] data)
    {
        string head = string.Create(CultureInfo.InvariantCulture, $"  PR generation=0x{BinaryPrimitives.ReadUInt32BigEndian(data):x}, ");
        return action switch
        {
            0 => Keys(head, KeysIn(data)),
            1 when BinaryPrimitives.ReadInt32BigEndian(data.AsSpan(4)) == 0 => head + "there is NO reservation held\n",
            1 => string.Create(CultureInfo.InvariantCulture, $"{head}Reservation follows:\n    Key=0x{BinaryPrimitives.ReadUInt64BigEndian(data.AsSpan(8)):x}\n")
                + $"    scope: {(data[21] >> 4 == 0 ? "LU_SCOPE, " : $"{data[21] >> 4}")}  type: {Types.GetValueOrDefault(data[21] & 15, "?")}\n",
            _ => Capabilities(data),
        };
    }

    private static string Keys(string head, ulong[] keys)
    {
        var text = new StringBuilder(head);
        _ = keys.Length == 0 ? text.Append("there are NO registered reservation keys\n")
            : text.Append(CultureInfo.InvariantCulture, $"{keys.Length} registered reservation {(keys.Length > 1 ? "keys follow" : "key follows")}:\n");
        foreach (ulong key in keys)
        {
            text.Append(CultureInfo.InvariantCulture, $"    0x{key:x}\n");
        }

        return text.ToString();
    }

    private static string Capabilities(byte[] data) => string.Create(CultureInfo.InvariantCulture, $"""
        Report capabilities response:
          Persist Through Power Loss Capable(PTPL_C): {data[2] & 1}
          Type Mask Valid(TMV): {data[3] >> 7}
          Persist Through Power Loss Active(PTPL_A): {data[3] & 1}
            Support indicated in Type mask:
              Write Exclusive, registrants only: {data[4] >> 5 & 1}

        """);

    private static ulong Key(IReadOnlyList<string> words, string option)
    {
        string? word = words.FirstOrDefault(word => word.StartsWith(option + "=", StringComparison.Ordinal));
        return word is null ? 0 : ulong.Parse(word.AsSpan(option.Length + 3), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    private static (int Code, string Output) Failed(ScsiAnswer answer) => answer switch
    {
        { Heard: false } => (ExitTransport, "transport: no answer"),
        { Status: LibIscsi.ReservationConflict } => (ExitConflict, "PR: reservation conflict"),
        { Status: LibIscsi.CheckCondition, SenseKey: 2 } => (ExitNotReady, "PR: device not ready"),
        { Status: LibIscsi.CheckCondition, SenseKey: 5 } => (ExitIllegal, string.Create(CultureInfo.InvariantCulture, $"PR: illegal request, additional sense {answer.SenseCode:x4}")),
        { IsUnitAttention: true } => (ExitUnitAttention, "PR: unit attention"),
        _ => (ExitOther, $"PR: status {answer.Status:x}, sense key {answer.SenseKey:x}"),
    };

    private Task<ScsiAnswer> AskAsync(int lun, byte action) => session.SendAsync(
        lun, [PersistentReserveIn, action, 0, 0, 0, 0, 0, AllocationBytes >> 8, AllocationBytes & 255, 0], read: AllocationBytes);

    private async Task<(int Code, string Output)> ReadAsync(int lun, byte action)
    {
        ScsiAnswer answer = await AskAsync(lun, action);
        return answer.Status == LibIscsi.Good ? (0, Said(action, answer.Data)) : Failed(answer);
    }

    private async Task<(int Code, string Output)> ChangeAsync(int lun, byte action, IReadOnlyList<string> words)
    {
        byte[] parameters = new byte[ParametersBytes];
        BinaryPrimitives.WriteUInt64BigEndian(parameters, Key(words, "--param-rk"));
        BinaryPrimitives.WriteUInt64BigEndian(parameters.AsSpan(8), Key(words, "--param-sark"));
        parameters[20] = (byte)(words.Contains("--param-aptpl") ? 1 : 0);
        string? type = words.FirstOrDefault(word => word.StartsWith("--prout-type=", StringComparison.Ordinal));
        byte scopeAndType = type is null ? (byte)0 : byte.Parse(type.AsSpan(type.IndexOf('=') + 1), CultureInfo.InvariantCulture);
        ScsiAnswer answer = await session.SendAsync(lun, [PersistentReserveOut, action, scopeAndType, 0, 0, 0, 0, 0, ParametersBytes, 0], parameters);
        return answer.Status == LibIscsi.Good ? (0, "") : Failed(answer);
    }
}
