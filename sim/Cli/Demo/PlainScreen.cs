using System.Globalization;
using Spectre.Console;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Sim.Cli.Demo;

/// <summary>For logs and pipes: one line for each thing that changed.</summary>
internal sealed class PlainScreen(IAnsiConsole console) : IDemoScreen
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private readonly DateTimeOffset _start = DateTimeOffset.UtcNow;
    private readonly Dictionary<string, string> _last = [];

    public async Task ShowAsync(LabHarness lab, Func<string> chapter, Task story)
    {
        while (!story.IsCompleted)
        {
            LabView view = await lab.ViewAsync();
            Say("story", chapter());
            Say("a", Describe(view.A));
            Say("b", Describe(view.B));
            await Task.WhenAny(story, Task.Delay(Period));
        }

        await story;
    }

    private static string Describe(HostView host)
    {
        string vms = host.Vms.IsEmpty ? "no VM" : string.Join(' ', host.Vms);
        string why = host.Status is { Why.Length: > 0 } status ? $" | {status.Why}" : "";
        return $"{host.State,-10} {host.Role,-7} {vms}{why}";
    }

    private void Say(string who, string what)
    {
        if (_last.GetValueOrDefault(who) == what)
        {
            return;
        }

        _last[who] = what;
        string time = (DateTimeOffset.UtcNow - _start).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        console.WriteLine($"{time,6} {who,-5} {what}");
    }
}
