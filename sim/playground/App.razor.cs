using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using Microsoft.JSInterop;
using TwoNodeHa.Sim.Play;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Playground;

/// <summary>The page: a game, driven by the frames of the browser.</summary>
public sealed partial class App
{
    /// <summary>A frame at 30 a second lasts 33 ms; what is left of it is the browser's.</summary>
    private static readonly TimeSpan s_budget = TimeSpan.FromMilliseconds(8);

    /// <summary>Between two drawings, milliseconds: what is new is seen at once all the same.</summary>
    private const double DrawnEvery = 100;

    private const long FileMax = 256 * 1024;
    private static readonly int[] s_speeds = [1, 10, 60];

    private Game? _game;
    private bool _ours = true;
    private bool _crossover = true;
    private bool _paused;
    private bool _dirty;
    private int _speed = 10;
    private double _sinceDrawn;
    private string? _said;
    private string? _trouble;
    private IJSObjectReference? _module;
    private DotNetObjectReference<App>? _self;

    /// <summary>Called by the browser for each frame.</summary>
    /// <param name="milliseconds">Since the last one.</param>
    [JSInvokable]
    public void Frame(double milliseconds)
    {
        if (_game is not { } game)
        {
            return;
        }

        var begin = Stopwatch.GetTimestamp();
        try
        {
            _dirty |= !_paused && game.Advance(TimeSpan.FromMilliseconds(milliseconds), _speed, () => Stopwatch.GetElapsedTime(begin) < s_budget);
        }
        catch (Exception error) when (error is InvalidOperationException or ScenarioException)
        {
            (_paused, _trouble) = (true, $"The simulated hosts stopped: {error.Message}");
        }

        _sinceDrawn += milliseconds;
        if (_dirty && _sinceDrawn >= DrawnEvery)
        {
            (_dirty, _sinceDrawn) = (false, 0);
            StateHasChanged();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _self?.Dispose();
        if (_module is not null)
        {
            await _module.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _self = DotNetObjectReference.Create(this);
            _module = await Js.InvokeAsync<IJSObjectReference>("import", "./play.js");
            await BeginAsync(Game.Site(_crossover));
            await _module.InvokeVoidAsync("run", _self);
        }
    }

    private async Task BeginAsync(Scenario scenario)
    {
        // A sentence that is not understood is found here: the present game stays.
        var game = new Game(scenario);
        (_game, _trouble, _said) = (null, null, null);
        StateHasChanged();

        // The browser draws that before the hosts are brought up.
        await Task.Delay(20);
        _trouble = game.Ours.Start();
        await Task.Delay(1);
        _trouble ??= game.HaLizard.Start();
        (_game, _paused) = (game, false);
        StateHasChanged();
    }

    private Task PlayAsync(Story story)
    {
        _speed = 10;
        return BeginAsync(Game.Site(_crossover, moves: story.Moves) with { Story = story.Title + "." });
    }

    private Task SiteAsync(ChangeEventArgs change)
    {
        _crossover = change.Value is true;
        return BeginAsync(Game.Site(_crossover));
    }

    private void Do(string sentence)
    {
        try
        {
            _game?.Do(sentence);
        }
        catch (ScenarioException error)
        {
            _trouble = error.Reason;
        }

        StateHasChanged();
    }

    private void Switch()
    {
        if (_game is { } game)
        {
            var on = game.Ours.World.Hosts.FirstOrDefault(host => host.Daemon is { Frozen: false }) ?? game.Ours.World.Hosts[0];
            Do($"operator {(game.Ours.World.HaSwitch ? "disables" : "enables")} HA on {on.Name}");
        }
    }

    private void Say(string? text)
    {
        if (_said != text)
        {
            _said = text;
            StateHasChanged();
        }
    }

    private async Task SaveAsync()
    {
        if (_game is { } game && _module is not null)
        {
            await _module.InvokeVoidAsync("save", "playground.yaml", ScenarioWriter.Write(game));
        }
    }

    private async Task OpenAsync(InputFileChangeEventArgs change)
    {
        try
        {
            using var reader = new StreamReader(change.File.OpenReadStream(FileMax));
            var scenario = Game.Open(await reader.ReadToEndAsync());
            await BeginAsync(scenario);
            _crossover = scenario.LinkCounts[0] > 1;
        }
        catch (Exception error) when (error is ScenarioException or FormatException or IOException)
        {
            _trouble = $"{change.File.Name}: {error.Message}";
        }
    }

    private static string Pressed(bool on) => on ? "true" : "false";

    private static string Clock(TimeSpan now) => now.TotalSeconds < 600
        ? string.Create(CultureInfo.InvariantCulture, $"{now.TotalSeconds:0.0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)now.TotalMinutes} min {now.Seconds:00} s");
}
