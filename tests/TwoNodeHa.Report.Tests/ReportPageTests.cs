using Microsoft.Playwright;
using TwoNodeHa.Sim.Report;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Report.Tests;

/// <summary>The report as a reader sees it: in a real browser, from a file, without any network.</summary>
public sealed class ReportPageTests : IAsyncLifetime
{
    private const int Runs = 6;

    private readonly List<string> _trouble = [];
    private string _file = "";
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Browser.Chromium is null, Browser.Missing);
        var folder = Path.Combine(Root(), "sim", "scenarios");
        var scenarios = ScenarioTable.Load(folder, "network/").Take(Runs - 1).Concat(ScenarioTable.Load(folder, "power/cold-start").Take(1)).ToList();
        var verdicts = new ScenarioTable(folder, rewriteGolden: false).Run(scenarios, Environment.ProcessorCount);
        _file = Path.Combine(Path.GetTempPath(), $"report-{Guid.NewGuid():N}.html");
        await File.WriteAllTextAsync(_file, ReportPage.Write(verdicts, FirstPage.Picture(scenarios), 1));
        (_playwright, _browser) = await Browser.LaunchAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.CloseAsync();
        }

        _playwright?.Dispose();
        if (_file.Length > 0)
        {
            File.Delete(_file);
        }
    }

    [Theory]
    [InlineData(1280)]
    [InlineData(400)]
    public async Task Every_scenario_opens_to_a_timeline_in_which_nothing_is_clipped(int width)
    {
        var page = await OpenAsync(width, ColorScheme.Light);
        var rows = await page.Locator("details").AllAsync();
        Assert.Equal(Runs, rows.Count);
        foreach (var row in rows)
        {
            await row.Locator("summary").ClickAsync();
            await Assertions.Expect(row.Locator("figure svg").First).ToBeVisibleAsync();
        }

        var clipped = await page.EvaluateAsync<string[]>("""
            () => [...document.querySelectorAll('svg text')].filter(text => {
                const box = text.getBBox(), view = text.ownerSVGElement.viewBox.baseVal;
                return box.x < 0 || box.y < 0 || box.x + box.width > view.width || box.y + box.height > view.height;
            }).map(text => text.textContent)
            """);
        Assert.Empty(clipped);
        var overlapping = await page.EvaluateAsync<string[]>("""
            () => [...document.querySelectorAll('svg')].flatMap(svg => {
                const boxes = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBBox()]);
                return boxes.flatMap(([a, one], i) => boxes.slice(i + 1).filter(([b, two]) => one.x < two.x + two.width && two.x < one.x + one.width
                    && one.y + 3 < two.y + two.height && two.y + 3 < one.y + one.height).map(([b]) => a + ' | ' + b));
            })
            """);
        Assert.Empty(overlapping);
        Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"), "the page is wider than the window");
        Assert.Empty(_trouble);
    }

    [Fact]
    public async Task Each_timeline_has_lanes_for_hosts_links_gateway_and_vms()
    {
        var page = await OpenAsync(1280, ColorScheme.Light);
        var lanes = await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('details figure')].map(f => [...f.querySelectorAll('svg text:not(.soft)')].map(t => t.textContent).join(' '))");
        Assert.NotEmpty(lanes);
        Assert.All(lanes, names => Assert.Matches("^events a b mgmt (crossover )?gateway db files mail web$", names));

        // A pulled cable is seen on the lane of its link and of the gateway.
        var said = await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('.mark')].map(m => m.dataset.say)");
        Assert.Contains(said, text => text.Contains("mgmt carries nothing between the hosts", StringComparison.Ordinal));
        Assert.Contains(said, text => text.Contains("only b reaches the gateway", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_opens_with_the_classic_faults_played_three_ways()
    {
        var page = await OpenAsync(1280, ColorScheme.Light);
        var faults = await page.Locator(".first figure").AllAsync();
        Assert.NotEmpty(faults);
        foreach (var fault in faults)
        {
            await Assertions.Expect(fault.Locator("svg")).ToBeVisibleAsync();
            Assert.Equal(["TwoNodeHa", "HA-Lizard", "cron script"], await fault.Locator("text.who").AllTextContentsAsync());
            Assert.NotEmpty(await fault.Locator("line.what").AllAsync());
        }

        // The only VM that is ever down shows as a gap of its length on a straight axis: as many pixels a second everywhere.
        var cable = page.Locator(".first figure", new PageLocatorOptions { HasText = "network cable is pulled" });
        Assert.NotEmpty(await cable.Locator("rect.gap").AllAsync());
        Assert.Contains("longest downtime", await cable.Locator("text.well").First.TextContentAsync(), StringComparison.Ordinal);
        var steps = await cable.EvaluateAsync<double[]>("figure => { const x = [...figure.querySelectorAll('line.tick')].map(line => +line.getAttribute('x1')); return x.slice(1).map((at, i) => at - x[i]); }");
        Assert.All(steps, step => Assert.Equal(steps[0], step, 0.11));
    }

    [Fact]
    public async Task Pointing_at_a_mark_says_why_it_was_decided()
    {
        var page = await OpenAsync(1280, ColorScheme.Light);
        var row = page.Locator("details", new PageLocatorOptions { Has = page.Locator(".mark[data-say*='taking over from']") }).First;
        await row.Locator("summary").ClickAsync();
        var mark = row.Locator("circle.mark[data-say*='taking over from']").First;
        await mark.FocusAsync();
        await Assertions.Expect(row.Locator(".said", new LocatorLocatorOptions { HasText = "taking over from" }).First).ToBeVisibleAsync();
        await row.Locator("circle.mark[data-say*='fencing this host']").First.HoverAsync(new LocatorHoverOptions { Force = true });
        await Assertions.Expect(row.Locator(".said", new LocatorLocatorOptions { HasText = "fenc" }).First).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_filter_leaves_what_it_names()
    {
        var page = await OpenAsync(1280, ColorScheme.Light);
        await page.FillAsync("#filter", "cold-start");
        Assert.Equal(1, await page.Locator("details:visible").CountAsync());
        await page.FillAsync("#filter", "no such scenario");
        Assert.Equal(0, await page.Locator("details:visible").CountAsync());
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Text_stands_out_from_the_paper(ColorScheme scheme)
    {
        var page = await OpenAsync(1280, scheme);

        // WCAG 2.1, 1.4.3: at least 4.5 to 1.
        var contrast = await page.EvaluateAsync<double>("""
            () => {
                const light = text => { const [r, g, b] = text.match(/\d+/g).map(v => { const c = v / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 });
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
                const paper = light(getComputedStyle(document.body).backgroundColor);
                return Math.min(...['h1', '.figures', '.story', '.ok'].map(name => {
                    const ink = light(getComputedStyle(document.querySelector(name)).color);
                    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
                }));
            }
            """);
        Assert.True(contrast >= 4.5, $"contrast {contrast:F2}");
    }

    private async Task<IPage> OpenAsync(int width, ColorScheme scheme)
    {
        var page = await _browser!.NewPageAsync(new BrowserNewPageOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            ColorScheme = scheme,
        });
        page.Console += (_, message) => _trouble.Add(message.Text);
        page.PageError += (_, error) => _trouble.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith("file://", StringComparison.Ordinal))
            {
                _trouble.Add($"asks the network for {request.Url}");
            }
        };
        await page.GotoAsync(new Uri(_file).AbsoluteUri);
        return page;
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "TwoNodeHa.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("not inside the repository");
        }

        return folder;
    }
}
