-- Runs: what was made by what, with which engine, model, device and libraries, and how it ended.
-- Each time a tool worked, newest first. tool: empty for all. model: the first signs of its digest, and the file that
-- was named for it; of a captioner elsewhere its name. libraries: those whose version may decide the last bit.
-- parameters: what decides the result. n_recalled: of how many items an earlier run by the same recipe knew the result.
with matters (tool, engine, library) as (
    values
        ('intake', '', 'av'), ('intake', '', 'pillow'),
        ('extract', '', 'av'), ('extract', '', 'opencv-python'),
        ('detect', 'builtin', 'dlib-bin'), ('detect', 'builtin', 'opencv-python'),
        ('detect', 'yolo', 'ultralytics'), ('detect', 'yolo', 'torch'), ('detect', 'yolo', 'onnxruntime'),
        ('detect', 'yolo', 'dlib-bin'),
        ('embed', 'builtin', 'dlib-bin'), ('match', '', 'numpy'),
        ('mask', 'builtin', 'opencv-python'), ('mask', 'rembg', 'rembg'), ('mask', 'rembg', 'onnxruntime'),
        ('score', '', 'scikit-image'), ('score', '', 'opencv-python'), ('select', '', 'numpy'),
        ('composite', '', 'opencv-python'), ('package', '', 'pillow'),
        ('caption', 'vertex', 'google-genai'), ('caption', 'openai', 'openai')
),
ran as (
    select
        run.*, step.tool, step.dataset, recipe.json as recipe_json,
        coalesce(json_extract(recipe.json, '$.engine[0]'), '') as engine
    from run
    join step on step.id = run.step_id
    left join recipe on recipe.id = run.recipe_id
    where :tool = '' or step.tool = :tool
)
select
    ran.id as run_id, ran.tool, ran.dataset, ran.engine,
    coalesce(
        json_extract(ran.recipe_json, '$.sides.model'),
        substr(json_extract(ran.recipe_json, '$.engine[1]'), 1, 12)
        || coalesce(' ' || nullif(json_extract(ran.machine_json, '$.weights[0]'), ''), '')
    ) as model,
    case
        when ran.engine in ('vertex', 'openai') then 'elsewhere'
        else (select group_concat(device.value, ' and ') from json_each(ran.machine_json, '$.devices') as device)
    end as device,
    (
        select group_concat(matters.library || ' ' || installed.value, ', ')
        from matters
        cross join json_each(ran.machine_json, '$.libraries') as installed on installed.key = matters.library
        where matters.tool = ran.tool and matters.engine = ran.engine and installed.value is not null
            and (
                installed.key <> 'onnxruntime' or ran.tool = 'mask'
                or json_extract(ran.machine_json, '$.weights[0]') like '%.onnx'
            )
    ) as libraries,
    ran.started_at, round(ran.seconds, 1) as seconds, ran.n_ok, ran.n_rejected, ran.n_failed,
    json_extract(ran.machine_json, '$.recalled') as n_recalled, ran.status,
    json_extract(ran.recipe_json, '$.version') as version,
    json_extract(ran.machine_json, '$.workers') as workers,
    ran.host,
    json_extract(ran.recipe_json, '$.params') as parameters,
    ran.limits_json as limits
from ran
order by ran.id desc;
