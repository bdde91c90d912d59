using System.Text.Json.Nodes;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>
/// Daemon or host die just before or after a step of a procedure, with real processes: a sample of what <c>sim crash</c> does
/// for every step. No VM runs twice, and all of them run in the end.
/// </summary>
public sealed class CrashStepTests
{
    [Theory]
    [InlineData("pool.emergency_transition_to_master", "before", "daemon")]
    [InlineData("pool.emergency_transition_to_master", "after", "daemon")]
    [InlineData("pool.emergency_transition_to_master", "after", "host")]
    [InlineData("VM.power_state_reset", "after", "daemon")]
    [InlineData("VM.start_on", "before", "daemon")]
    [InlineData("VM.start_on", "after", "daemon")]
    [InlineData("VM.start_on", "after", "host")]
    [InlineData("pool.recover_slaves", "after", "daemon")]
    public Task In_a_takeover(string step, string moment, string victim) => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        await ArmAsync(lab, "b", step, moment, victim);
        lab.Story.Mark("a", "power lost");
        lab.A.PowerOff();
        await StruckAsync(lab, "b", step, moment);
        if (victim == "daemon")
        {
            await lab.TookOverAsync(survivor: "b");
        }

        lab.A.PowerOn();
        await WholeAgainAsync(lab);
    });

    [Theory]
    [InlineData("systemctl-kill", "before", "daemon")]
    [InlineData("systemctl-kill", "after", "daemon")]
    [InlineData("xl-destroy", "before", "host")]
    [InlineData("xl-destroy", "after", "daemon")]
    public Task In_a_fence(string step, string moment, string victim) => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        await ArmAsync(lab, "a", step, moment, victim);
        lab.Story.Mark("a", "cable pulled");
        lab.Network.Cut("a");
        await StruckAsync(lab, "a", step, moment);
        await lab.TookOverAsync(survivor: "b");
        lab.Network.Plug("a");
        await WholeAgainAsync(lab);
        Assert.Equal(lab.Options.Vms, lab.Truth.On("b").Length);
    });

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    public Task In_a_rejoin(string moment) => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        lab.Story.Mark("a", "cable pulled");
        lab.Network.Cut("a");
        await lab.TookOverAsync(survivor: "b");
        await ArmAsync(lab, "a", "systemctl-start", moment, "daemon");
        lab.Network.Plug("a");
        await StruckAsync(lab, "a", "systemctl-start", moment);
        await WholeAgainAsync(lab);
        Assert.Equal(lab.Options.Vms, lab.Truth.On("b").Length);
    });

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    public Task In_a_departure(string moment) => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        await ArmAsync(lab, "a", "pool.designate_new_master", moment, "daemon");
        lab.Story.Mark("a", "departs");
        _ = lab.AskAsync("a", new OperatorRequest.Depart());
        await StruckAsync(lab, "a", "pool.designate_new_master", moment);
        lab.Story.Mark("a", "shuts down");
        await lab.Baseboard("a").AskAsync("shutdown");
        await lab.UntilAsync("a is off", _ => lab.A.Power == Power.Off);
        lab.A.PowerOn();
        await WholeAgainAsync(lab);
    });

    private static Task ArmAsync(LabHarness lab, string host, string step, string moment, string victim) =>
        lab.Baseboard(host).AskAsync("strike", new JsonObject { ["step"] = step, ["moment"] = moment, ["victim"] = victim });

    private static Task StruckAsync(LabHarness lab, string host, string step, string moment)
    {
        string mark = Path.Combine(lab.DirectoryOf(host), "strikes", $"{step}.{moment}");
        return lab.UntilAsync($"{host} reached {step} and was struck {moment} it", _ => !File.Exists(mark));
    }

    private static Task WholeAgainAsync(LabHarness lab) => lab.UntilAsync("both are paired with one master, and all VMs run", view =>
        view.Both("Paired") && view is { A.Status.Protected: true, B.Status.Protected: true }
            && (view.A.Role, view.B.Role) is ("master", "slave") or ("slave", "master") && view.Running == lab.Options.Vms, ceilingSeconds: 120);
}
