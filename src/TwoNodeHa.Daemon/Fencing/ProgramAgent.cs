using System.Text;
using System.Xml;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Daemon.ThirdParty;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Fencing;

/// <summary>
/// A program with the interface of ClusterLabs' fence agents (FenceAgentAPI.md there): parameters and password as lines on
/// standard input, never as arguments. Exit code 0 of <c>status</c> is on, 2 is off.
/// </summary>
internal sealed class ProgramAgent(FenceConfig config, ToolRunner tools) : IFenceAgent
{
    private const int ExitOff = 2;

    private string? _parameterTrouble;

    public async Task<PowerReading> StatusAsync(TimeSpan limit)
    {
        if (await ParameterTroubleAsync(limit) is { Length: > 0 } trouble)
        {
            return new PowerReading(Power.Unknown, trouble);
        }

        var (result, secretTrouble) = await RunAsync("status", limit);
        return result switch
        {
            null => new PowerReading(Power.Unknown, secretTrouble),
            { End: ToolEnd.Exited, ExitCode: 0 } => new PowerReading(Power.On, "on"),
            { End: ToolEnd.Exited, ExitCode: ExitOff } => new PowerReading(Power.Off, "off"),
            _ => new PowerReading(Power.Unknown, result.Describe(config.Program)),
        };
    }

    public async Task<string?> OffAsync(TimeSpan limit)
    {
        var (result, trouble) = await RunAsync("off", limit);
        return result is null ? trouble : result.Succeeded ? null : result.Describe(config.Program);
    }

    /// <summary>The interface has no question for it.</summary>
    public Task<Guid?> HostUuidAsync(TimeSpan limit) => Task.FromResult<Guid?>(null);

    /// <summary>Parameters that the agent's own metadata does not name; empty when all are known. Asked once.</summary>
    internal async Task<string> ParameterTroubleAsync(TimeSpan limit)
    {
        if (_parameterTrouble is { } known)
        {
            return known;
        }

        var metadata = await tools.RunAsync(config.Program, [], limit, "action=metadata\n");
        if (!metadata.SaidAll)
        {
            return $"it does not tell its parameters: {metadata.Describe(config.Program)}";
        }

        try
        {
            var names = Names(metadata.Output);
            var unknown = config.Parameters.Keys.Where(name => !names.Contains(name)).ToList();
            return _parameterTrouble = unknown.Count == 0 ? ""
                : $"{config.Program} has no parameter {string.Join(", ", unknown)}: write parameters that its metadata names "
                    + $"({string.Join(", ", names.Order(StringComparer.Ordinal).Take(40))})";
        }
        catch (XmlException error)
        {
            return $"the metadata of {config.Program} cannot be read: {error.Message}";
        }
    }

    private static HashSet<string> Names(string metadata)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        using var reader = XmlReader.Create(new StringReader(metadata), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null });
        while (reader.Read())
        {
            if (reader is { NodeType: XmlNodeType.Element, Name: "parameter" } && reader.GetAttribute("name") is { } name)
            {
                names.Add(name);
            }
        }

        return names;
    }

    private async Task<(ToolResult? Result, string Trouble)> RunAsync(string action, TimeSpan limit)
    {
        var input = new StringBuilder().Append("action=").Append(action).Append('\n');
        foreach (var (name, value) in config.Parameters)
        {
            input.Append(name).Append('=').Append(value).Append('\n');
        }

        if (config.User.Length > 0)
        {
            input.Append("username=").Append(config.User).Append('\n');
        }

        try
        {
            if (config.PasswordFile.Length > 0)
            {
                input.Append("password=").Append(SecretFile.Read(config.PasswordFile)).Append('\n');
            }
        }
        catch (ThirdPartyException error)
        {
            return (null, error.Message);
        }

        return (await tools.RunAsync(config.Program, [], limit, input.ToString()), "");
    }
}
