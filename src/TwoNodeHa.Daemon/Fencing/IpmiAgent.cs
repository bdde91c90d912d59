using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Daemon.ThirdParty;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Fencing;

/// <summary>
/// IPMI over LAN by <c>ipmitool</c> (ipmitool(1)). The password stays in its file: the tool reads it, the process list shows the path.
/// </summary>
internal sealed class IpmiAgent(FenceConfig config, ToolRunner tools, string tool = "ipmitool") : IFenceAgent
{
    public async Task<PowerReading> StatusAsync(TimeSpan limit)
    {
        var (said, trouble) = await RunAsync(["chassis", "power", "status"], limit);
        return said switch
        {
            not null when said.Contains("Power is off", StringComparison.OrdinalIgnoreCase) => new PowerReading(Power.Off, "off"),
            not null when said.Contains("Power is on", StringComparison.OrdinalIgnoreCase) => new PowerReading(Power.On, "on"),
            _ => new PowerReading(Power.Unknown, said is null ? trouble : $"the board says \"{said.Trim()}\""),
        };
    }

    public async Task<string?> OffAsync(TimeSpan limit)
    {
        var (said, trouble) = await RunAsync(["chassis", "power", "off"], limit);
        return said is null ? trouble : null;
    }

    public async Task<Guid?> HostUuidAsync(TimeSpan limit)
    {
        var (said, _) = await RunAsync(["mc", "guid"], limit);
        var line = said?.Split('\n').FirstOrDefault(part => part.StartsWith("System GUID", StringComparison.Ordinal)) ?? "";
        return Guid.TryParse(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim(), out var uuid) ? uuid : null;
    }

    private async Task<(string? Said, string Trouble)> RunAsync(string[] action, TimeSpan limit)
    {
        try
        {
            SecretFile.Check(config.PasswordFile);
        }
        catch (ThirdPartyException error)
        {
            return (null, error.Message);
        }

        // A negotiation of the cipher costs up to 14 s for each call; its retries must end within the limit.
        var address = config.Address!;
        string[] fixedPart =
        [
            "-I", "lanplus", "-H", address.Address.ToString(), "-p", address.Port.ToString(CultureInfo.InvariantCulture),
            "-U", config.User, "-f", config.PasswordFile, "-C", config.Cipher.ToString(CultureInfo.InvariantCulture), "-N", "1", "-R", "3",
        ];
        var result = await tools.RunAsync(tool, fixedPart.Concat(action), limit);
        return result.SaidAll ? (result.Output, "") : (null, result.Describe(tool));
    }
}
