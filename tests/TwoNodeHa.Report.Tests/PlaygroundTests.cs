using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;
using TwoNodeHa.Sim.Cli;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Report.Tests;

/// <summary>The published playground as a visitor sees it. Publish it first: <c>dotnet publish sim/playground -c Release -o artifacts/playground</c>.</summary>
public sealed class PlaygroundTests : IAsyncLifetime
{
    /// <summary>Bounds a failure; nothing waits that long.</summary>
    private const float Patience = 120_000;

    private readonly List<string> _trouble = [];
    private WebApplication? _server;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Browser.Chromium is null, Browser.Missing);
        Assert.SkipUnless(File.Exists(Path.Combine(PlaygroundCommand.Pages, "index.html")),
            "the playground is not published: dotnet publish sim/playground -c Release -o artifacts/playground");
        _server = await PlaygroundCommand.ServeAsync(PlaygroundCommand.Pages, 0);
        (_playwright, _browser) = await Browser.LaunchAsync();
        Assertions.SetDefaultExpectTimeout(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.CloseAsync();
        }

        _playwright?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_vms_of_a_host_without_power_come_back_on_the_other_one()
    {
        var page = await OpenAsync(1280, ColorScheme.Light);
        await Assertions.Expect(page.Locator("#headline")).ToHaveTextAsync("PROTECTED: either host may fail.");
        await page.ClickAsync("#power-1");
        await Assertions.Expect(page.Locator("#vm-db.down")).ToBeVisibleAsync();
        await page.ClickAsync("#speed-60");
        await Assertions.Expect(page.Locator(".host.h0 #vm-db")).ToBeVisibleAsync(Long());
        await Assertions.Expect(page.Locator(".host.h0 #vm-files")).ToBeVisibleAsync(Long());

        // Takeover within 10.5 s of silence by `ha-ctl timeline` (balanced; PlayTests compares with it), and the start of two VMs of a real toolstack.
        var again = page.Locator(".events li", new PageLocatorOptions { HasTextRegex = new Regex("runs again, on a; it was down for") });
        await Assertions.Expect(again).ToHaveCountAsync(2, new LocatorAssertionsToHaveCountOptions { Timeout = Patience });
        Assert.All(await again.AllTextContentsAsync(), text => Assert.InRange(double.Parse(Regex.Match(text, @"for ([\d.]+) s").Groups[1].Value, CultureInfo.InvariantCulture), 9, 60));
        Assert.Equal(0, await page.Locator(".rules.own .twice").CountAsync());

        // The decision says its rule, and what would have changed it.
        var decision = page.Locator(".events li", new PageLocatorOptions { HasText = "taking over from b" }).First;
        await decision.Locator("summary").ClickAsync();
        await Assertions.Expect(decision.Locator("details")).ToContainTextAsync("What would have changed it: one heartbeat on any link");
        Assert.Empty(_trouble);
    }

    [Fact]
    public async Task The_same_fault_runs_a_vm_twice_under_HaLizards_rules()
    {
        var page = await OpenAsync(1280, ColorScheme.Light);
        await page.ClickAsync("text=A host is not heard any more");
        await page.ClickAsync("#speed-60");
        await Assertions.Expect(page.Locator(".rules.other .band.twice").First).ToBeVisibleAsync(Long());
        await Assertions.Expect(page.Locator(".rules.other .alarm")).ToContainTextAsync("ran on both hosts");
        await page.ClickAsync("#pause");
        Assert.Equal(0, await page.Locator(".rules.own .band.twice").CountAsync());
        await page.ClickAsync("#lizard");
        await Assertions.Expect(page.Locator("#headline.alarm")).ToContainTextAsync("that damages the disk");
        Assert.Equal(2, await page.Locator("#vm-web.twice").CountAsync());
        Assert.Empty(_trouble);
    }

    [Fact]
    public async Task What_is_saved_plays_to_the_same_end_and_opens_again()
    {
        var page = await OpenAsync(1280, ColorScheme.Light);
        await page.Locator("#cable-0").DispatchEventAsync("click");
        await Assertions.Expect(page.Locator("#cable-0.broken")).ToBeVisibleAsync();
        await page.ClickAsync("#speed-60");
        await Assertions.Expect(page.Locator(".host.h1 #vm-web")).ToBeVisibleAsync(Long());
        await Assertions.Expect(page.Locator(".host.h1 #vm-mail")).ToBeVisibleAsync(Long());
        await page.ClickAsync("#pause");
        var download = await page.RunAndWaitForDownloadAsync(() => page.ClickAsync("#save"));
        var file = Path.Combine(Path.GetTempPath(), $"playground-{Guid.NewGuid():N}.yaml");
        try
        {
            await download.SaveAsAsync(file);
            var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            Assert.Contains("pull cable of a", text, StringComparison.Ordinal);
            Assert.Contains("vm web runs on b", text, StringComparison.Ordinal);
            var scenario = Scenario.Load(file, Path.GetTempPath());
            Assert.Empty(new ScenarioRun(scenario, scenario.Variants().Single()).Run().Failures);

            await page.SetInputFilesAsync("#open", file);
            await Assertions.Expect(page.Locator("#cable-0.broken")).ToBeVisibleAsync(Long());
            await Assertions.Expect(page.Locator(".events li.yours")).ToContainTextAsync("pull cable of a");
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Empty(_trouble);
    }

    [Fact]
    public async Task A_file_that_is_no_scenario_is_refused_with_its_line()
    {
        var page = await OpenAsync(1280, ColorScheme.Light);
        await page.SetInputFilesAsync("#open", new FilePayload { Name = "wrong.yaml", MimeType = "application/yaml", Buffer = "story: x\nevents:\n  - at 1s: power of a\n"u8.ToArray() });
        await Assertions.Expect(page.Locator(".trouble")).ToContainTextAsync("scenario:3: not understood: 'power of a'", new LocatorAssertionsToContainTextOptions { Timeout = Patience });
        await Assertions.Expect(page.Locator("#headline")).ToBeVisibleAsync(Long());
        Assert.Empty(_trouble);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task Everything_is_seen_can_be_reached_by_keyboard_and_says_what_it_is(int width, ColorScheme scheme)
    {
        var page = await OpenAsync(width, scheme);
        await page.ClickAsync("#pause");
        Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"), "the page is wider than the window");
        var parts = await page.Locator("[role=button][tabindex='0']").AllAsync();
        Assert.Equal(13, parts.Count);
        foreach (var part in parts)
        {
            Assert.Matches(@"^\w.+\. Click: .+\.$", await part.GetAttributeAsync("aria-label") ?? "");
        }

        await page.Locator("#switch").FocusAsync();
        await Assertions.Expect(page.Locator(".said")).ToHaveTextAsync("The switch works. Click: break it.");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#switch.broken")).ToBeVisibleAsync();
        await page.Locator(".host.h0 .box").HoverAsync(new LocatorHoverOptions { Position = new Position { X = 20, Y = width > 500 ? 170 : 120 } });
        await Assertions.Expect(page.Locator(".said")).ToContainTextAsync("May run VMs: R1");

        // WCAG 2.1, 1.4.3: at least 4.5 to 1.
        var contrast = await page.EvaluateAsync<double>("""
            () => {
                const light = text => { const [r, g, b] = text.match(/\d+/g).map(v => { const c = v / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 });
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
                const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\)$|transparent/.test(c)) return light(c); } };
                return Math.min(...['h1 span', '.stories button', '.headline', '.said', '.state', 'dt', '.legend', '.soft'].map(name => {
                    const e = document.querySelector(name), ink = light(getComputedStyle(e).color), paper = behind(e);
                    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
                }));
            }
            """);
        Assert.True(contrast >= 4.5, $"contrast {contrast:F2}");
        Assert.Empty(_trouble);
    }

    /// <summary>What a visitor downloads, compressed, is bounded.</summary>
    [Fact]
    public void It_is_small()
    {
        var bytes = new DirectoryInfo(PlaygroundCommand.Pages).EnumerateFiles("*.br", SearchOption.AllDirectories).Sum(file => file.Length);
        Assert.InRange(bytes, 1_000_000, 6_000_000);
    }

    /// <summary>Not a test of this machine's speed: prints the figures of docs/playground.md, when asked for.</summary>
    [Fact(Explicit = true)]
    public async Task Figures()
    {
        var begin = TimeProvider.System.GetTimestamp();
        var page = await OpenAsync(1280, ColorScheme.Light);
        var said = new List<string> { string.Create(CultureInfo.InvariantCulture, $"first click possible after {TimeProvider.System.GetElapsedTime(begin).TotalSeconds:F1} s") };
        await page.ClickAsync("#power-0");
        foreach (var speed in (int[])[1, 10, 60])
        {
            await page.ClickAsync($"#speed-{speed}");
            var frames = await page.EvaluateAsync<double[]>("""
                () => new Promise(done => { const at = []; const frame = now => { at.push(now); now - at[0] < 5000 ? requestAnimationFrame(frame) : done(at.slice(1).map((t, i) => t - at[i])); }; requestAnimationFrame(frame); })
                """);
            var sorted = frames.Order().ToList();
            said.Add(string.Create(CultureInfo.InvariantCulture, $"{speed}x: {frames.Length / frames.Sum() * 1000:F0} frames a second, p95 {sorted[(int)(sorted.Count * 0.95)]:F0} ms, longest {sorted[^1]:F0} ms"));
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', said));
        Console.WriteLine(string.Join('\n', said));
    }

    private static LocatorAssertionsToBeVisibleOptions Long() => new() { Timeout = Patience };

    private async Task<IPage> OpenAsync(int width, ColorScheme scheme)
    {
        var page = await _browser!.NewPageAsync(new BrowserNewPageOptions { ViewportSize = new ViewportSize { Width = width, Height = 900 }, ColorScheme = scheme });
        page.SetDefaultTimeout(Patience);
        var home = PlaygroundCommand.AddressOf(_server!);
        page.Console += (_, message) => _trouble.Add(message.Text);
        page.PageError += (_, error) => _trouble.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(home, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal) && !request.Url.StartsWith("blob:", StringComparison.Ordinal))
            {
                _trouble.Add($"asks the network for {request.Url}");
            }
        };
        await page.GotoAsync(home);
        await Assertions.Expect(page.Locator("#headline")).ToBeVisibleAsync(Long());
        return page;
    }
}
