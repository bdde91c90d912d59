using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Sim.Cli.Demo;

/// <summary>For a terminal: both hosts side by side, painted anew several times a second.</summary>
internal sealed class LiveScreen(IAnsiConsole console) : IDemoScreen
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    public Task ShowAsync(LabHarness lab, Func<string> chapter, Task story) =>
        console.Live(new Text("")).StartAsync(async context =>
        {
            while (!story.IsCompleted)
            {
                LabView view = await lab.ViewAsync();
                string[] said = await Task.WhenAll(LastSentenceAsync(lab, "a"), LastSentenceAsync(lab, "b"));
                context.UpdateTarget(Picture(view, said, lab, chapter()));
                await Task.WhenAny(story, Task.Delay(Period));
            }

            await story;
        });

    private static async Task<string> LastSentenceAsync(LabHarness lab, string host)
    {
        ControlAnswer? answer = lab[host].Power == Power.On
            ? await lab.AskAsync(host, new ControlRequest.Events(1))
            : null;
        return answer?.Events is [.., var last] ? last.Sentence : "";
    }

    private static IRenderable Picture(LabView view, string[] said, LabHarness lab, string chapter)
    {
        var hosts = new Columns(Panel(view.A, said[0]), Panel(view.B, said[1]));
        string truth = lab.Truth.DoubleRuns.IsEmpty
            ? $"[green]no VM runs twice[/] ({lab.Truth.Samples} samples from outside)"
            : "[red bold]A VM RUNS TWICE[/]";
        return new Rows(new Rule(Markup.Escape(chapter)).LeftJustified(), hosts, new Markup(truth));
    }

    private static Panel Panel(HostView host, string said)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        string colour = Colour(host.State);
        grid.AddRow("state", $"[{colour} bold]{Markup.Escape(host.State)}[/]");
        grid.AddRow("role", Markup.Escape(host.Role));
        grid.AddRow("VMs", host.Vms.IsEmpty ? "[grey]none[/]" : Markup.Escape(string.Join(' ', host.Vms)));
        if (host.Status is { } status)
        {
            foreach (LinkStatus link in status.Links)
            {
                grid.AddRow($"link {Markup.Escape(link.Name)}", Age(link.HeardAgeSeconds, "heard"));
            }

            grid.AddRow("gateway", $"{Markup.Escape(status.Gateway)} {Age(status.GatewayAgeSeconds, "answered")}");
            grid.AddRow("epoch", status.Epoch.ToString(CultureInfo.InvariantCulture));
            grid.AddRow("takeover", Countdown(status));
            grid.AddRow("right", Markup.Escape(string.Join(", ", status.Rights)));
        }

        grid.AddRow("says", $"[italic]{Markup.Escape(said)}[/]");
        return new Panel(grid) { Header = new PanelHeader($" host {host.Name} "), Border = BoxBorder.Rounded, Expand = true };
    }

    private static string Countdown(StatusReport status) => status switch
    {
        { TakeoverStep.Length: > 0 } => $"[yellow]{Markup.Escape(status.TakeoverStep)}[/]",
        { TakeoverInSeconds: { } seconds } => $"[yellow]in {seconds.ToString("0.0", CultureInfo.InvariantCulture)} s[/]",
        _ => "[grey]-[/]",
    };

    private static string Age(double? seconds, string what) => seconds is { } age
        ? $"[{(age < 2 ? "green" : "red")}]{what} {age.ToString("0.0", CultureInfo.InvariantCulture)} s ago[/]"
        : $"[red]never {what}[/]";

    private static string Colour(string state) => state switch
    {
        "Paired" or "Sole" => "green",
        "Suspecting" or "TakingOver" or "Joining" or "booting" => "yellow",
        "Isolated" or "Fencing" or "Fenced" or "Holding" or "off" or "no answer" => "red",
        _ => "blue",
    };
}
