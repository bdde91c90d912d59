using System.Net;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Daemon.Fencing;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Tests.Fencing;

/// <summary>The tools of fence agents lie in every way they can; "off" must never come of it. Scripts, so that it runs everywhere.</summary>
public sealed class ToolAgentTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("echo 'Chassis Power is off'", "Off")]
    [InlineData("echo 'Chassis Power is on'", "On")]
    [InlineData("echo 'Chassis Power is off'; exit 1", "Unknown")]
    [InlineData("echo 'Chassis Power Control: Down/Off'", "Unknown")]
    [InlineData("echo 'Error: Unable to establish IPMI v2 / RMCP+ session, power off?'", "Unknown")]
    [InlineData("exit 0", "Unknown")]
    [InlineData("echo 'Chassis Power is off'; sleep 60", "Unknown")]
    public async Task Ipmi_power_is_what_ipmitool_says_in_order(string script, string expected)
    {
        var agent = new IpmiAgent(Fence(FenceKind.Ipmi) with { Address = IPEndPoint.Parse("127.0.0.1:623") }, new ToolRunner(), Script(script));
        Assert.Equal(expected, (await agent.StatusAsync(script.Contains("sleep", StringComparison.Ordinal) ? TimeSpan.FromMilliseconds(500) : Limit)).Power.ToString());
    }

    [Theory]
    [InlineData("exit 0", true)]
    [InlineData("echo failed >&2; exit 1", false)]
    [InlineData("sleep 60", false)]
    public async Task Ipmi_order_was_taken_when_ipmitool_ends_well(string script, bool taken)
    {
        var agent = new IpmiAgent(Fence(FenceKind.Ipmi) with { Address = IPEndPoint.Parse("127.0.0.1:623") }, new ToolRunner(), Script(script));
        Assert.Equal(taken, await agent.OffAsync(script.Contains("sleep", StringComparison.Ordinal) ? TimeSpan.FromMilliseconds(500) : Limit) is null);
    }

    [Theory]
    [InlineData("exit 2", "Off")]
    [InlineData("exit 0", "On")]
    [InlineData("exit 1", "Unknown")]
    [InlineData("exit 3", "Unknown")]
    [InlineData("echo 'Status: OFF'; exit 1", "Unknown")]
    [InlineData("kill -9 $$", "Unknown")]
    [InlineData("sleep 60", "Unknown")]
    public async Task Program_power_is_its_exit_code_and_any_other_is_unknown(string status, string expected)
    {
        var program = Script($"read -r action; case $action in action=metadata) echo '<resource-agent><parameters/></resource-agent>';; action=status) {status};; *) exit 9;; esac");
        var agent = new ProgramAgent(Fence(FenceKind.Program) with { Program = program, User = "", PasswordFile = "" }, new ToolRunner());
        Assert.Equal("", await agent.ParameterTroubleAsync(Limit));
        Assert.Equal(expected, (await agent.StatusAsync(status.Contains("sleep", StringComparison.Ordinal) ? TimeSpan.FromMilliseconds(500) : Limit)).Power.ToString());
        Assert.NotNull(await agent.OffAsync(Limit));
    }

    [Theory]
    [InlineData("<resource-agent><parameters><parameter name='plug'/></parameters></resource-agent>", "Off")]
    [InlineData("<resource-agent><parameters><parameter name='port'/></parameters></resource-agent>", "Unknown")]
    [InlineData("<resource-agent><parameters>", "Unknown")]
    public async Task Program_is_asked_only_with_parameters_that_it_knows(string metadata, string expected)
    {
        var program = Script($"read -r action; case $action in action=metadata) echo \"{metadata}\";; *) exit 2;; esac");
        var agent = new ProgramAgent(
            Fence(FenceKind.Program) with { Program = program, User = "", PasswordFile = "", Parameters = Fence(FenceKind.Program).Parameters.Add("plug", "7") }, new ToolRunner());
        Assert.Equal(expected, (await agent.StatusAsync(Limit)).Power.ToString());
    }

    private FenceConfig Fence(FenceKind kind) => new()
    {
        Name = "bmc", Host = 1, Kind = kind, User = "ha", Timeout = Limit, PasswordFile = RealPart.Secret(_scratch, "secret", "test"),
    };

    private string Script(string text)
    {
        File.WriteAllText(_scratch["tool"], "#!/bin/sh\n" + text + "\n");
        File.SetUnixFileMode(_scratch["tool"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return _scratch["tool"];
    }
}
