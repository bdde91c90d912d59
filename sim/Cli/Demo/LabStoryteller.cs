using Spectre.Console;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Sim.Cli.Demo;

/// <summary>The story in the lab: pair, pull the master's cable, see the other host take over, plug in, see it rejoin.</summary>
internal sealed class LabStoryteller(DemoOptions options, IAnsiConsole console)
{
    private const string Victim = "a";
    private const string Survivor = "b";

    private string _chapter = "two hosts boot";

    public async Task<int> TellAsync(CancellationToken stop)
    {
        console.WriteLine(
            $"Profile {options.Profile}{(options.Crossover ? ", crossover cable" : "")}. "
            + "Two emulated hosts, each with a real daemon, on a network of namespaces.");
        await using LabHarness lab = LabHarness.Start(
            new LabOptions { Profile = options.Profile, Crossover = options.Crossover });
        IDemoScreen screen = options.NoColor || !console.Profile.Capabilities.Interactive
            ? new PlainScreen(console)
            : new LiveScreen(console);
        try
        {
            await screen.ShowAsync(lab, () => _chapter, PlayAsync(lab).WaitAsync(stop));
        }
        catch (LabTimeoutException failure)
        {
            console.WriteLine(failure.Message);
            console.WriteLine("The story failed.");
            return 1;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }

        return await EndAsync(lab);
    }

    private async Task PlayAsync(LabHarness lab)
    {
        int vms = lab.Options.Vms;
        _chapter = "two hosts boot; then HA is enabled";
        await lab.PairAsync();
        _chapter = "both hosts are paired: any failure of one is covered now";
        await Task.Delay(TimeSpan.FromSeconds(3));

        _chapter = $"the cable of the master, {Victim}, is pulled";
        lab.Story.Mark(Victim, "management cable pulled");
        lab.Network.Cut(Victim);
        await lab.UntilAsync($"{Survivor} is master and runs all VMs", view =>
            view[Survivor].Vms.Length == vms && view[Survivor].Role == "master" && view[Victim].Vms.IsEmpty, 120);
        _chapter = $"{Survivor} is master and runs everything; {Victim} is fenced";
        await lab.UntilAsync($"{Victim} is fenced", view => view[Victim].State == "Fenced");
        await Task.Delay(TimeSpan.FromSeconds(2));

        _chapter = $"the cable of {Victim} is plugged in again";
        lab.Story.Mark(Victim, "management cable plugged in");
        lab.Network.Plug(Victim);
        await lab.UntilAsync("both are paired, the old master as slave", view =>
            view.Both("Paired") && view[Victim].Role == "slave" && view[Survivor].Role == "master"
            && view[Survivor].Vms.Length == vms, 120);
        lab.Story.Mark(Victim, "is slave of the new master; both hosts are paired");
        _chapter = "paired again";
        await lab.Truth.NextSampleAsync();
    }

    private async Task<int> EndAsync(LabHarness lab)
    {
        console.Write(Chronicle.Table(
            lab.Story.Lines, lab.Truth.Changes, await lab.EventsAsync("a"), await lab.EventsAsync("b")));
        string samples = $"{lab.Truth.Samples} samples, at most {lab.Truth.LongestGap.TotalMilliseconds:0} ms apart";
        if (lab.Truth.DoubleRuns is [var first, ..])
        {
            console.WriteLine($"VMs ran twice: {first} ({samples})");
            return 1;
        }

        console.WriteLine($"{lab.Truth.Void ?? "No VM ran twice"} ({samples}).");
        return lab.Truth.Void is null ? 0 : 1;
    }
}
